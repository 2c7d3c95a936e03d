#include "core/raft/quorum.hpp"

#include <algorithm>
#include <functional>

namespace glasslog::raft {

Offset majority_end(std::vector<Offset> ends) {
    if (ends.empty()) return no_offset;
    std::sort(ends.begin(), ends.end(), std::greater<>());
    return ends[ends.size() / 2];
}

Offset truncation_point(const log::EpochCache& own, Offset log_end, const log::EpochEnd& leader) {
    const log::EpochEnd mine = own.end_offset_for(leader.epoch, log_end);
    // The leader's epoch is above all of ours: everything that we have may be shared, up to there.
    if (mine.end == no_offset) return std::min(leader.end, log_end);
    if (mine.epoch == leader.epoch) return std::min({mine.end, leader.end, log_end});
    return std::min(mine.end, log_end);
}

}  // namespace glasslog::raft
