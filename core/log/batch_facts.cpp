#include "core/log/batch_facts.hpp"

#include "core/protocol/record_batch.hpp"

namespace glasslog::log {

using protocol::BatchFault;
using protocol::BatchView;

namespace {

constexpr std::int64_t sequence_count = std::int64_t{1} << 31;

// The first record of a control batch: key (version i16, type i16), value (version i16,
// coordinator epoch i32). Other control records (leader changes, snapshots) end no transaction.
std::optional<EndMarker> read_marker(const BatchView& batch) {
    protocol::RecordIterator records(batch.record_bytes(), batch.record_count());
    if (!records.next()) return std::nullopt;
    const auto& key = records.record().key;
    const auto& value = records.record().value;
    if (!key || !value || key->size() < 4 || value->size() < 6) return std::nullopt;
    const auto type = load_be<std::int16_t>(key->data() + 2);
    if (type != 0 && type != 1) return std::nullopt;
    return EndMarker{.kind = static_cast<EndMarker::Kind>(type),
                     .coordinator_epoch = load_be<std::int32_t>(value->data() + 2)};
}

}  // namespace

Sequence sequence_after(Sequence sequence, std::int32_t count) {
    const std::int64_t sum = (std::int64_t{sequence.value()} + count) % sequence_count;
    return Sequence(static_cast<std::int32_t>(sum));
}

Sequence sequence_before(Sequence sequence, std::int32_t count) {
    const std::int64_t sum = (sequence.value() - std::int64_t{count} + sequence_count);
    return Sequence(static_cast<std::int32_t>(sum % sequence_count));
}

Sequence last_sequence(const BatchFacts& facts) {
    if (facts.base_sequence < Sequence(0)) return no_sequence;
    return sequence_after(facts.base_sequence,
                          static_cast<std::int32_t>(facts.last_offset - facts.base_offset));
}

Expected<BatchFacts, DecodeError> read_facts(ByteView bytes) {
    const auto read = BatchView::read(bytes);
    if (!read) {
        const std::size_t at = read.error() == BatchFault::incomplete ? bytes.size() : 0;
        return Unexpected{DecodeError{std::string("record batch: ") +  //
                                          std::string(name(read.error())),
                                      at}};
    }
    const BatchView& batch = *read;
    const std::int64_t base = batch.base_offset().value();
    const std::int32_t delta = batch.last_offset_delta();
    if (base < 0 || delta < 0 || base > INT64_MAX - delta - 1)
        return Unexpected{DecodeError{"record batch: no such offsets", 0}};
    return BatchFacts{
        .base_offset = batch.base_offset(),
        .last_offset = batch.last_offset(),
        .leader_epoch = batch.leader_epoch(),
        .max_timestamp = WallTime::from_milliseconds(batch.max_timestamp()),
        .producer_id = batch.producer_id(),
        .producer_epoch = batch.producer_epoch(),
        .base_sequence = batch.base_sequence(),
        .is_transactional = batch.is_transactional(),
        .is_control = batch.is_control(),
        .marker = batch.is_control() ? read_marker(batch) : std::nullopt,
        .size_bytes = static_cast<std::uint32_t>(batch.size()),
    };
}

}  // namespace glasslog::log
