#pragma once

// M1 "never-two-leaders-in-same-epoch": no two nodes, voters or observers, believe in different
// leaders of one epoch, over the whole run.

#include "sim/invariants/by_epoch.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace glasslog::sim {

class NeverTwoLeadersInSameEpoch {
public:
    // node: whose view. leader: no_node when it knows none.
    std::optional<std::string> see_view(NodeId node, LeaderEpoch epoch, NodeId leader) {
        if (leader == no_node) return std::nullopt;
        Belief& belief = beliefs_.at(epoch);
        if (belief.leader == no_node) belief = {leader, node};
        if (belief.leader == leader) return std::nullopt;
        return fmt::format("of epoch {} node {} believes that {} leads, node {} believed {}",
                           epoch,
                           node,
                           leader,
                           belief.by,
                           belief.leader);
    }

private:
    struct Belief {
        NodeId leader = no_node;
        NodeId by = no_node;
    };

    ByEpoch<Belief> beliefs_;
};

}  // namespace glasslog::sim
