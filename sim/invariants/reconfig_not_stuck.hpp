#pragma once

// R-L4 "reconfig-not-stuck": a change of the voters is committed everywhere in the end, or gone
// everywhere.

#include "sim/invariants/quorum_view.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace glasslog::sim {

inline std::optional<std::string> reconfig_not_stuck(std::span<const ReplicaView> replicas) {
    const ReplicaView* const leader = sole_leader(replicas);
    if (leader == nullptr) return std::nullopt;  // eventual_leader tells
    if (leader->has_change)
        return fmt::format("leader {} is still changing the voters", leader->node);
    for (const ReplicaView& replica : replicas) {
        const bool is_settled = replica.last_config == leader->last_config &&
                                replica.last_config < replica.high_watermark;
        if (is_settled || replica.last_config == no_offset) continue;
        return fmt::format("the voters of node {} are of {}, those of leader {} of {}",
                           replica.node,
                           replica.last_config,
                           leader->node,
                           leader->last_config);
    }
    return std::nullopt;
}

}  // namespace glasslog::sim
