#pragma once

// Which segments may go: pure. Whole segments only, oldest first, up to the first that must stay.

#include "core/base/ids.hpp"
#include "core/base/time.hpp"

#include <cstdint>
#include <optional>
#include <span>

namespace glasslog::storage {

struct RetentionPolicy {
    std::optional<Duration> time;             // retention.ms; empty: for ever
    std::optional<std::uint64_t> size_bytes;  // retention.bytes; empty: without limit
    bool deletes_by_time_and_size = true;     // cleanup.policy has "delete"
};

struct SegmentSummary {
    Offset base;
    Offset end;  // the next segment's base, or the log end
    std::uint64_t size_bytes = 0;
    WallTime largest_timestamp;  // of its records, or the file's time of change when they have none

    friend bool operator==(const SegmentSummary&, const SegmentSummary&) = default;
};

struct RetentionInput {
    WallTime now;
    Offset log_start;
    Offset high_watermark;
};

enum class RetentionReason : std::uint8_t { time, size, log_start };

struct RetentionVerdict {
    std::size_t time_count = 0;       // oldest segments that are too old
    std::size_t size_count = 0;       // … that are beyond the size
    std::size_t log_start_count = 0;  // … that lie below the log start

    // How many of the oldest segments go.
    std::size_t count() const;
};

// A segment stays when it ends above the high watermark, or is the last one and empty. It goes when
// - now - largest timestamp > time, or
// - what all segments hold, less size_bytes, is still at least its size, or
// - it ends at or below the log start, and is not the last one.
RetentionVerdict judge_retention(const RetentionPolicy& policy,
                                 std::span<const SegmentSummary> segments,
                                 const RetentionInput& input);

}  // namespace glasslog::storage
