#include "core/log/producer_state.hpp"

#include "core/base/check.hpp"
#include "core/base/crc32c.hpp"
#include "core/log/elapsed.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace glasslog::log {

using protocol::WireError;

namespace {

bool has_open_transaction(const ProducerState::Producer& producer) {
    return producer.transaction_start != no_offset;
}

const ProducerState::Batch* find_duplicate(const ProducerState::Producer& producer,
                                           const BatchFacts& facts) {
    if (producer.epoch != facts.producer_epoch) return nullptr;
    for (const ProducerState::Batch& batch : producer.batches()) {
        const bool is_same = batch.base_sequence() == facts.base_sequence &&
                             batch.last_sequence == last_sequence(facts);
        if (is_same) return &batch;
    }
    return nullptr;
}

// A producer without batches of this epoch (a marker began it) goes on with sequence 0.
Sequence expected_sequence(const ProducerState::Producer& producer) {
    if (producer.batch_count == 0) return Sequence(0);
    return sequence_after(producer.batches().back().last_sequence, 1);
}

Verdict check_marker(const ProducerState::Producer& producer, const BatchFacts& facts) {
    if (facts.producer_epoch < producer.epoch) return WireError::invalid_producer_epoch;
    const bool is_fenced =
        facts.marker && facts.marker->coordinator_epoch < producer.coordinator_epoch;
    if (is_fenced) return WireError::transaction_coordinator_fenced;
    return AppendIt{};
}

void begin_epoch(ProducerState::Producer& producer, ProducerEpoch epoch) {
    if (producer.epoch == epoch) return;
    producer.epoch = epoch;
    producer.batch_count = 0;
}

void add_batch(ProducerState::Producer& producer, const BatchFacts& facts) {
    begin_epoch(producer, facts.producer_epoch);
    if (producer.batch_count == batch_window) {
        std::rotate(producer.window.begin(), producer.window.begin() + 1, producer.window.end());
        --producer.batch_count;
    }
    producer.window[producer.batch_count] = {
        .last_sequence = last_sequence(facts),
        .last_offset = facts.last_offset,
        .offset_delta = static_cast<std::int32_t>(facts.last_offset - facts.base_offset),
        .timestamp = facts.max_timestamp,
    };
    ++producer.batch_count;
    producer.last_timestamp = facts.max_timestamp;
    if (facts.is_transactional && !has_open_transaction(producer))
        producer.transaction_start = facts.base_offset;
}

void end_transaction(ProducerState::Producer& producer, const BatchFacts& facts) {
    begin_epoch(producer, facts.producer_epoch);
    producer.transaction_start = no_offset;
    producer.coordinator_epoch = facts.marker->coordinator_epoch;
    producer.last_timestamp = facts.max_timestamp;
}

}  // namespace

ProducerState::ProducerState(std::size_t producer_count_max, DuplicateRule rule)
    : producer_count_max_(std::max<std::size_t>(producer_count_max, 1)), rule_(rule) {}

Verdict ProducerState::check(const BatchFacts& facts) const {
    if (facts.producer_id == no_producer_id) return AppendIt{};
    const auto found = producers_.find(facts.producer_id);
    if (found == producers_.end()) return AppendIt{};
    const Producer& producer = found->second;
    if (facts.is_control) return check_marker(producer, facts);
    if (rule_ == DuplicateRule::forget) return AppendIt{};

    if (const Batch* stored = find_duplicate(producer, facts))
        return Duplicate{stored->base_offset(), stored->last_offset, stored->timestamp};
    if (facts.producer_epoch < producer.epoch) return WireError::invalid_producer_epoch;
    const Sequence expected =
        facts.producer_epoch > producer.epoch ? Sequence(0) : expected_sequence(producer);
    if (facts.base_sequence != expected) return WireError::out_of_order_sequence_number;
    if (has_open_transaction(producer) && !facts.is_transactional)
        return WireError::invalid_txn_state;
    return AppendIt{};
}

void ProducerState::apply(const BatchFacts& facts) {
    if (facts.producer_id == no_producer_id) return;
    if (!facts.is_control) {
        add_batch(entry(facts.producer_id), facts);
    } else if (facts.marker) {
        end_transaction(entry(facts.producer_id), facts);
    }
}

std::size_t ProducerState::expire(WallTime now, Duration after) {
    return std::erase_if(producers_, [&](const auto& item) {
        const Producer& producer = item.second;
        return !has_open_transaction(producer) &&
               elapsed_ms(producer.last_timestamp, now) >= after.milliseconds();
    });
}

std::optional<Offset> ProducerState::first_open_transaction() const {
    std::optional<Offset> first;
    for (const auto& [id, producer] : producers_) {
        if (!has_open_transaction(producer)) continue;
        if (!first || producer.transaction_start < *first) first = producer.transaction_start;
    }
    return first;
}

void ProducerState::insert(ProducerId id, Producer producer) {
    entry(id) = producer;
}

ProducerState::Producer& ProducerState::entry(ProducerId id) {
    const auto found = producers_.find(id);
    if (found != producers_.end()) return found->second;
    if (producers_.size() >= producer_count_max_) forget_the_most_silent();
    return producers_[id];
}

// An eighth at once, so that a flood of new producers costs a constant each. Those with an open
// transaction stay, whatever their number: their coordinator limits them.
void ProducerState::forget_the_most_silent() {
    std::vector<std::pair<WallTime, ProducerId>> silent;
    silent.reserve(producers_.size());
    for (const auto& [id, producer] : producers_) {
        if (!has_open_transaction(producer)) silent.emplace_back(producer.last_timestamp, id);
    }
    const std::size_t count = std::min(silent.size(), producer_count_max_ / 8 + 1);
    const auto end = silent.begin() + static_cast<std::ptrdiff_t>(count);
    std::partial_sort(silent.begin(), end, silent.end());
    for (auto item = silent.begin(); item != end; ++item)
        producers_.erase(item->second);
}

namespace {

constexpr std::int16_t snapshot_version = 1;
constexpr std::size_t snapshot_header_bytes = 10;  // version, checksum, count
constexpr std::size_t snapshot_crc_at = 2;
constexpr std::size_t snapshot_covered_from = 6;
constexpr std::size_t snapshot_entry_bytes = 46;

ProducerSnapshot read_entry(const std::uint8_t* at) {
    return {
        .producer_id = ProducerId(load_be<std::int64_t>(at)),
        .epoch = ProducerEpoch(load_be<std::int16_t>(at + 8)),
        .last_sequence = Sequence(load_be<std::int32_t>(at + 10)),
        .last_offset = Offset(load_be<std::int64_t>(at + 14)),
        .offset_delta = load_be<std::int32_t>(at + 22),
        .timestamp = WallTime::from_milliseconds(load_be<std::int64_t>(at + 26)),
        .coordinator_epoch = load_be<std::int32_t>(at + 34),
        .transaction_start = Offset(load_be<std::int64_t>(at + 38)),
    };
}

}  // namespace

Bytes encode_snapshot(const ProducerState& state) {
    std::vector<std::uint8_t> out;
    out.reserve(snapshot_header_bytes + state.producers().size() * snapshot_entry_bytes);
    append_be<std::int16_t>(out, snapshot_version);
    append_be<std::uint32_t>(out, 0);  // the checksum, below
    append_be<std::int32_t>(out, static_cast<std::int32_t>(state.producers().size()));
    for (const auto& [id, producer] : state.producers()) {
        const bool has_batch = producer.batch_count > 0;
        const ProducerState::Batch last =
            has_batch ? producer.batches().back() : ProducerState::Batch{};
        append_be<std::int64_t>(out, id.value());
        append_be<std::int16_t>(out, producer.epoch.value());
        append_be<std::int32_t>(out, last.last_sequence.value());
        append_be<std::int64_t>(out, last.last_offset.value());
        append_be<std::int32_t>(out, last.offset_delta);
        append_be<std::int64_t>(out, producer.last_timestamp.milliseconds());
        append_be<std::int32_t>(out, producer.coordinator_epoch);
        append_be<std::int64_t>(out, producer.transaction_start.value());
    }
    const ByteView covered = ByteView(out).subspan(snapshot_covered_from);
    store_be<std::uint32_t>(out.data() + snapshot_crc_at, crc32c(covered));
    return Bytes::from(std::move(out));
}

Expected<std::vector<ProducerSnapshot>, DecodeError> decode_snapshot(ByteView bytes) {
    if (bytes.size() < snapshot_header_bytes)
        return Unexpected{DecodeError{"producer snapshot: the header is cut off", bytes.size()}};
    if (load_be<std::int16_t>(bytes.data()) != snapshot_version)
        return Unexpected{DecodeError{"producer snapshot: the version is not 1", 0}};
    const auto crc = load_be<std::uint32_t>(bytes.data() + snapshot_crc_at);
    if (crc != crc32c(bytes.subspan(snapshot_covered_from)))
        return Unexpected{DecodeError{"producer snapshot: wrong checksum", snapshot_crc_at}};
    const auto count = load_be<std::int32_t>(bytes.data() + snapshot_covered_from);
    const std::size_t left = bytes.size() - snapshot_header_bytes;
    const bool fits = count >= 0 && left % snapshot_entry_bytes == 0 &&
                      left / snapshot_entry_bytes == static_cast<std::size_t>(count);
    if (!fits) return Unexpected{DecodeError{"producer snapshot: wrong count", 6}};

    std::vector<ProducerSnapshot> entries;
    entries.reserve(static_cast<std::size_t>(count));
    for (std::size_t at = snapshot_header_bytes; at < bytes.size(); at += snapshot_entry_bytes)
        entries.push_back(read_entry(bytes.data() + at));
    return entries;
}

void load(ProducerState& state, std::span<const ProducerSnapshot> entries) {
    CHECK(state.producers().empty());
    for (const ProducerSnapshot& snapshot : entries) {
        ProducerState::Producer producer{
            .epoch = snapshot.epoch,
            .window = {},
            .batch_count = 0,
            .coordinator_epoch = snapshot.coordinator_epoch,
            .transaction_start = snapshot.transaction_start,
            .last_timestamp = snapshot.timestamp,
        };
        if (snapshot.last_offset >= Offset(0) && snapshot.last_sequence >= Sequence(0)) {
            producer.window[0] = {.last_sequence = snapshot.last_sequence,
                                  .last_offset = snapshot.last_offset,
                                  .offset_delta = snapshot.offset_delta,
                                  .timestamp = snapshot.timestamp};
            producer.batch_count = 1;
        }
        state.insert(snapshot.producer_id, producer);
    }
}

}  // namespace glasslog::log
