#pragma once

// R-L1 "eventual-leader": once faults have stopped and a majority is connected, one leader exists,
// and all follow it.

#include "sim/invariants/quorum_view.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace glasslog::sim {

inline std::optional<std::string> eventual_leader(std::span<const ReplicaView> replicas) {
    const ReplicaView* const leader = sole_leader(replicas);
    if (leader == nullptr) return "all is healed, and there is no leader";
    for (const ReplicaView& replica : replicas) {
        if (replica.leader == leader->node && replica.epoch == leader->epoch) continue;
        return fmt::format("all is healed, node {} leads epoch {}, and node {} does not follow it",
                           leader->node,
                           leader->epoch,
                           replica.node);
    }
    return std::nullopt;
}

}  // namespace glasslog::sim
