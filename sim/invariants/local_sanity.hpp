#pragma once

// R14 "local-sanity": what one machine's state must be like, and one step's change; the machine
// states these rules itself (core/raft/raft.hpp).

#include "core/raft/raft.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace glasslog::sim {

inline std::optional<std::string> local_sanity(NodeId node,
                                               const raft::Mark& before,
                                               const raft::State& after) {
    std::optional<std::string> broken = raft::check_step(before, after);
    if (!broken) broken = raft::check_invariants(after);
    if (!broken) return std::nullopt;
    return fmt::format("node {}: {}", node, *broken);
}

}  // namespace glasslog::sim
