#include "core/storage/segment.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::storage {

SegmentIndexes::SegmentIndexes(Offset base, IndexLimits limits)
    : SegmentIndexes(OffsetIndex(base), TimeIndex(base), limits) {}

SegmentIndexes::SegmentIndexes(OffsetIndex offsets, TimeIndex times, IndexLimits limits)
    : offsets_(std::move(offsets)),
      times_(std::move(times)),
      limits_(limits),
      largest_{WallTime(), offsets_.base()},
      offsets_written_(offsets_.entries().size()),
      times_written_(times_.entries().size()) {
    if (!times_.entries().empty()) largest_ = times_.entries().back();
}

void SegmentIndexes::add(const log::BatchFacts& facts, std::uint64_t position) {
    if (facts.max_timestamp > largest_.timestamp)
        largest_ = {facts.max_timestamp, facts.last_offset};
    // Without room the batch stays without an entry: the caller rolls as soon as it may.
    if (bytes_since_entry_ > limits_.interval_bytes && !is_full()) {
        offsets_.append(facts.last_offset, position);
        times_.maybe_append(largest_);
        bytes_since_entry_ = 0;
    }
    bytes_since_entry_ += facts.size_bytes;
}

void SegmentIndexes::seal() {
    times_.maybe_append(largest_);
}

// The time index keeps one entry in reserve, for seal().
bool SegmentIndexes::is_full() const {
    const std::size_t offsets_max = limits_.index_bytes_max / offset_index_entry_bytes;
    const std::size_t times_max = limits_.index_bytes_max / time_index_entry_bytes;
    return offsets_.entries().size() >= offsets_max || times_.entries().size() + 1 >= times_max;
}

bool SegmentIndexes::reaches_beyond(Offset end) const {
    const auto offsets = offsets_.entries();
    const auto times = times_.entries();
    return (!offsets.empty() && offsets_.base() + offsets.back().relative_offset >= end) ||
           (!times.empty() && times.back().offset >= end);
}

SegmentIndexes::Unwritten SegmentIndexes::take_unwritten() {
    Unwritten unwritten{offsets_.encode_from(offsets_written_), times_.encode_from(times_written_)};
    offsets_written_ = offsets_.entries().size();
    times_written_ = times_.entries().size();
    return unwritten;
}

SegmentSummary Segment::summary() const {
    const bool has_timestamp = largest.timestamp >= WallTime::from_milliseconds(0);
    return {.base = base,
            .end = end,
            .size_bytes = size_bytes,
            .largest_timestamp = has_timestamp ? largest.timestamp : modified_at};
}

}  // namespace glasslog::storage
