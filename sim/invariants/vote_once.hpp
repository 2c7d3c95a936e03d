#pragma once

// R6 "vote-once": the durable epoch of a node never falls; within an epoch its vote goes from
// nobody to one candidate and stays, across restarts. The ledger is fed with what the disk holds,
// and with what was promised: a granted vote that left, a vote that a candidate asked for.

#include "sim/invariants/by_epoch.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <vector>

namespace glasslog::sim {

class VoteOnce {
public:
    std::optional<std::string> see_durable(NodeId node, LeaderEpoch epoch, NodeId voted) {
        Ledger& ledger = of(node);
        if (epoch < ledger.durable)
            return fmt::format("the epoch of node {} fell from {} to {}",
                               node,
                               ledger.durable,
                               epoch);
        ledger.durable = epoch;
        return voted == no_node ? std::nullopt : see_vote(node, epoch, voted);
    }

    // It told somebody that `candidate` has its vote.
    std::optional<std::string> see_vote(NodeId node, LeaderEpoch epoch, NodeId candidate) {
        Vote& vote = of(node).votes.at(epoch);
        if (vote.candidate == no_node) vote.candidate = candidate;
        if (vote.candidate == candidate) return std::nullopt;
        return fmt::format("in epoch {} node {} voted for {} and for {}",
                           epoch,
                           node,
                           vote.candidate,
                           candidate);
    }

    // Its disk is lost: another voter stands there now.
    void see_wiped(NodeId node) { of(node) = {}; }

private:
    struct Vote {
        NodeId candidate = no_node;
    };

    struct Ledger {
        LeaderEpoch durable{0};
        ByEpoch<Vote> votes;
    };

    Ledger& of(NodeId node) {
        const auto index = static_cast<std::size_t>(node.value());
        if (index >= ledgers_.size()) ledgers_.resize(index + 1);
        return ledgers_[index];
    }

    std::vector<Ledger> ledgers_;
};

}  // namespace glasslog::sim
