#include "core/storage/retention.hpp"

#include "core/log/elapsed.hpp"

#include <algorithm>

namespace glasslog::storage {

namespace {

enum class MayLast : std::uint8_t { go, stay };

// How many of the oldest segments `goes` holds for, up to the first that must stay.
template <typename F>
std::size_t count_oldest(std::span<const SegmentSummary> segments,
                         const RetentionInput& input,
                         MayLast may_last,
                         F goes) {
    std::size_t count = 0;
    for (const SegmentSummary& segment : segments) {
        const bool is_last = count + 1 == segments.size();
        if (is_last && (segment.size_bytes == 0 || may_last == MayLast::stay)) break;
        if (segment.end > input.high_watermark || !goes(segment)) break;
        ++count;
    }
    return count;
}

}  // namespace

std::size_t RetentionVerdict::count() const {
    return std::max({time_count, size_count, log_start_count});
}

RetentionVerdict judge_retention(const RetentionPolicy& policy,
                                 std::span<const SegmentSummary> segments,
                                 const RetentionInput& input) {
    RetentionVerdict verdict;
    verdict.log_start_count =
        count_oldest(segments, input, MayLast::stay, [&](const SegmentSummary& segment) {
            return segment.end <= input.log_start;
        });
    if (!policy.deletes_by_time_and_size) return verdict;

    if (policy.time) {
        verdict.time_count =
            count_oldest(segments, input, MayLast::go, [&](const SegmentSummary& segment) {
                return log::elapsed_ms(segment.largest_timestamp, input.now) >
                       policy.time->milliseconds();
            });
    }
    if (policy.size_bytes) {
        std::uint64_t total = 0;
        for (const SegmentSummary& segment : segments)
            total += segment.size_bytes;
        std::uint64_t excess = total - std::min(total, *policy.size_bytes);
        verdict.size_count =
            count_oldest(segments, input, MayLast::go, [&](const SegmentSummary& segment) {
                if (excess < segment.size_bytes || excess == 0) return false;
                excess -= segment.size_bytes;
                return true;
            });
    }
    return verdict;
}

}  // namespace glasslog::storage
