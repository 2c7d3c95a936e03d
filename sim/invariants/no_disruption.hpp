#pragma once

// R-L2 "no-disruption": a leader that a connected majority follows is not deposed by a node that
// comes back and cannot win.

#include "core/base/ids.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace glasslog::sim {

struct Leadership {
    NodeId leader = no_node;
    LeaderEpoch epoch;

    friend bool operator==(const Leadership&, const Leadership&) = default;
};

inline std::optional<std::string> no_disruption(const Leadership& before, const Leadership& after) {
    if (before == after) return std::nullopt;
    return fmt::format("node {} led epoch {} in peace, and epoch {} came",
                       before.leader,
                       before.epoch,
                       after.epoch);
}

}  // namespace glasslog::sim
