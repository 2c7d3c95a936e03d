#pragma once

// What the liveness theorems of a quorum look at when all faults are healed.

#include "core/base/ids.hpp"

#include <span>

namespace glasslog::sim {

// One running node.
struct ReplicaView {
    NodeId node;
    LeaderEpoch epoch;
    NodeId leader = no_node;  // that it knows
    bool leads = false;
    bool is_voter = false;  // by the newest committed voters
    Offset high_watermark = no_offset;
    Offset log_end;
    Offset last_config = no_offset;  // where the voters that it knows were written
    bool has_change = false;         // a change of the voters is under way
};

// nullptr unless exactly one node leads the highest epoch.
inline const ReplicaView* sole_leader(std::span<const ReplicaView> replicas) {
    const ReplicaView* found = nullptr;
    for (const ReplicaView& replica : replicas) {
        if (!replica.leads) continue;
        if (found != nullptr) return nullptr;
        found = &replica;
    }
    for (const ReplicaView& replica : replicas) {
        if (found != nullptr && replica.epoch > found->epoch) return nullptr;
    }
    return found;
}

}  // namespace glasslog::sim
