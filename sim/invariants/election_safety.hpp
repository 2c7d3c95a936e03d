#pragma once

// R1 "election-safety": of an epoch at most one node ever becomes the leader, over the whole run.

#include "sim/invariants/by_epoch.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace glasslog::sim {

class ElectionSafety {
public:
    std::optional<std::string> see_leader(NodeId node, LeaderEpoch epoch) {
        NodeId& leader = leaders_.at(epoch).id;
        if (leader == no_node) leader = node;
        if (leader == node) return std::nullopt;
        return fmt::format("nodes {} and {} became leader of epoch {}", leader, node, epoch);
    }

private:
    struct Leader {
        NodeId id = no_node;
    };

    ByEpoch<Leader> leaders_;
};

}  // namespace glasslog::sim
