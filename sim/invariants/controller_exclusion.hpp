#pragma once

// M13 "controller-exclusion": nothing is written in an epoch of the metadata log that nobody leads,
// and its leader decides nothing before the epoch's own first record is committed: a controller
// never acts on a view that is older than its epoch. That the epoch's batches are its leader's:
// election-safety and log-matching.

#include "sim/invariants/by_epoch.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace glasslog::sim {

class ControllerExclusion {
public:
    void see_leader(NodeId node, LeaderEpoch epoch) { epochs_.at(epoch).leader = node; }

    void see_committed(NodeId node, LeaderEpoch epoch, Offset upto) {
        Epoch& one = epochs_.at(epoch);
        if (one.leader == node && one.start != no_offset && upto > one.start) one.is_open = true;
    }

    // `node` has stored this batch; a copy may be stored before the leader's own. is_control: it
    // says something of the log itself.
    std::optional<std::string> see_batch(NodeId node,
                                         LeaderEpoch epoch,
                                         Offset base,
                                         bool is_control) {
        Epoch& one = epochs_.at(epoch);
        if (one.leader == no_node)
            return fmt::format("node {} stores a batch of epoch {}, which nobody has led",
                               node,
                               epoch);
        if (node != one.leader || base < one.end) return std::nullopt;
        one.end = base + 1;
        if (one.start == no_offset) one.start = base;
        if (is_control || one.is_open) return std::nullopt;
        return fmt::format("node {} decides at {} before its epoch {} began to be committed",
                           node,
                           base,
                           epoch);
    }

private:
    struct Epoch {
        NodeId leader = no_node;
        Offset start = no_offset;  // of its first record
        Offset end{0};             // of what its leader has written
        bool is_open = false;
    };

    ByEpoch<Epoch> epochs_;
};

}  // namespace glasslog::sim
