#pragma once

// The arithmetic of a majority, as pure functions of values.

#include "core/base/ids.hpp"
#include "core/log/epoch_cache.hpp"

#include <vector>

namespace glasslog::raft {

// The greatest offset that a majority of `ends` has reached: of n ends in descending order the one
// at n/2. no_offset for no ends.
//   {9, 7, 5} -> 7     {9, 7, 5, 3} -> 5     {9} -> 9
Offset majority_end(std::vector<Offset> ends);

// Where a log ends: the epoch of its last record, and one past that record's offset.
struct LogTail {
    LeaderEpoch epoch;
    Offset end;

    // A log is more up to date than another by its last epoch, then by its length (Raft 5.4.1).
    friend auto operator<=>(const LogTail&, const LogTail&) = default;
};

// Where a follower cuts its log, which ends at `log_end`, when its leader has `leader` as the end
// of the last epoch that both may share (KIP-101, KIP-595).
Offset truncation_point(const log::EpochCache& own, Offset log_end, const log::EpochEnd& leader);

}  // namespace glasslog::raft
