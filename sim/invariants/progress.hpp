#pragma once

// R-L3 "progress": whatever is proposed is committed or refused in the end: a healed quorum commits
// and everybody learns it; a leader that hears no majority stops to be one.

#include "sim/invariants/quorum_view.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace glasslog::sim {

// A while after the leader's log end was at `proposed`.
inline std::optional<std::string> progress(std::span<const ReplicaView> replicas, Offset proposed) {
    for (const ReplicaView& replica : replicas) {
        if (replica.high_watermark >= proposed) continue;
        return fmt::format("all is healed, and node {} knows {} committed instead of {}",
                           replica.node,
                           replica.high_watermark,
                           proposed);
    }
    return std::nullopt;
}

// A while after `leader` was cut off from all voters.
inline std::optional<std::string> lonely_leader_resigns(NodeId leader, bool still_leads) {
    if (!still_leads) return std::nullopt;
    return fmt::format("node {} hears no other voter and still leads", leader);
}

}  // namespace glasslog::sim
