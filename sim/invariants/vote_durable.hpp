#pragma once

// R15 "vote-durable": who says that it voted, again or for the first time, has the vote on its
// disk: a crash right after that cannot make it vote for another one.

#include "core/base/ids.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace glasslog::sim {

// The vote of a node in an epoch. candidate: no_node when it has none.
struct VoteInEpoch {
    LeaderEpoch epoch;
    NodeId candidate = no_node;
};

// At the moment when `said` leaves the node; durable: what a loss of power would leave.
inline std::optional<std::string> vote_durable(NodeId node,
                                               const VoteInEpoch& said,
                                               const VoteInEpoch& durable) {
    if (durable.epoch > said.epoch) return std::nullopt;  // it will not vote in that epoch again
    if (durable.epoch == said.epoch && durable.candidate == said.candidate) return std::nullopt;
    return fmt::format("node {} says that it voted for {} in epoch {}, and its disk may forget it",
                       node,
                       said.candidate,
                       said.epoch);
}

}  // namespace glasslog::sim
