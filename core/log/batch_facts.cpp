#include "core/log/batch_facts.hpp"

#include "core/base/varint.hpp"

namespace glasslog::log {

namespace {

// The header of a batch of magic 2; docs/wire.md has the table.
namespace at {
constexpr std::size_t base_offset = 0;
constexpr std::size_t batch_length = 8;
constexpr std::size_t leader_epoch = 12;
constexpr std::size_t magic = 16;
constexpr std::size_t attributes = 21;
constexpr std::size_t last_offset_delta = 23;
constexpr std::size_t max_timestamp = 35;
constexpr std::size_t producer_id = 43;
constexpr std::size_t producer_epoch = 51;
constexpr std::size_t base_sequence = 53;
constexpr std::size_t records = 61;
}  // namespace at

constexpr std::int64_t sequence_count = std::int64_t{1} << 31;
constexpr std::int16_t transactional_bit = 1 << 4;
constexpr std::int16_t control_bit = 1 << 5;
constexpr std::int8_t magic_2 = 2;

// Takes a varint from the front; empty when the bytes end.
std::optional<std::int64_t> take_varint(ByteView& rest) {
    const auto number = read_varlong(rest);
    if (!number) return std::nullopt;
    rest = rest.subspan(number->size);
    return number->value;
}

std::optional<ByteView> take_sized(ByteView& rest) {
    const auto size = take_varint(rest);
    if (!size || *size < 0 || static_cast<std::uint64_t>(*size) > rest.size()) return std::nullopt;
    const ByteView taken = rest.first(static_cast<std::size_t>(*size));
    rest = rest.subspan(taken.size());
    return taken;
}

// The first record of a control batch: key (version i16, type i16), value (version i16,
// coordinator epoch i32). Other control records (leader changes, snapshots) end no transaction.
std::optional<EndMarker> read_marker(ByteView records) {
    if (!take_varint(records)) return std::nullopt;  // length
    if (records.empty()) return std::nullopt;
    records = records.subspan(1);                    // attributes
    if (!take_varint(records)) return std::nullopt;  // timestamp delta
    if (!take_varint(records)) return std::nullopt;  // offset delta
    const auto key = take_sized(records);
    const auto value = take_sized(records);
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
    if (bytes.size() < at::records)
        return Unexpected{DecodeError{"record batch: the header is cut off", bytes.size()}};
    const std::uint8_t* data = bytes.data();
    const auto length = load_be<std::int32_t>(data + at::batch_length);
    const std::int64_t size = std::int64_t{length} + 12;
    if (size < std::int64_t{at::records} || size > static_cast<std::int64_t>(bytes.size()))
        return Unexpected{DecodeError{"record batch: shorter than it claims", at::batch_length}};
    if (load_be<std::int8_t>(data + at::magic) != magic_2)
        return Unexpected{DecodeError{"record batch: the magic is not 2", at::magic}};

    const auto base = load_be<std::int64_t>(data + at::base_offset);
    const auto delta = load_be<std::int32_t>(data + at::last_offset_delta);
    if (base < 0 || delta < 0 || base > INT64_MAX - delta)
        return Unexpected{DecodeError{"record batch: no such offsets", at::base_offset}};

    const auto attributes = load_be<std::int16_t>(data + at::attributes);
    BatchFacts facts{
        .base_offset = Offset(base),
        .last_offset = Offset(base + delta),
        .leader_epoch = LeaderEpoch(load_be<std::int32_t>(data + at::leader_epoch)),
        .max_timestamp =
            WallTime::from_milliseconds(load_be<std::int64_t>(data + at::max_timestamp)),
        .producer_id = ProducerId(load_be<std::int64_t>(data + at::producer_id)),
        .producer_epoch = ProducerEpoch(load_be<std::int16_t>(data + at::producer_epoch)),
        .base_sequence = Sequence(load_be<std::int32_t>(data + at::base_sequence)),
        .is_transactional = (attributes & transactional_bit) != 0,
        .is_control = (attributes & control_bit) != 0,
        .marker = std::nullopt,
        .size_bytes = static_cast<std::uint32_t>(size),
    };
    if (facts.is_control) {
        const auto payload = static_cast<std::size_t>(size) - at::records;
        facts.marker = read_marker(bytes.subspan(at::records, payload));
    }
    return facts;
}

}  // namespace glasslog::log
