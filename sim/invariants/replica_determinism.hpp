#pragma once

// R13 "replica-determinism": nodes that applied the log up to the same offset are in the same
// state, whether by records or by snapshot.

#include "sim/invariants/committed_prefix.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace glasslog::sim {

inline std::optional<std::string> replica_determinism(NodeId node,
                                                      Offset applied,
                                                      std::uint64_t fold,
                                                      const CommittedPrefix& committed) {
    const auto* const entry = committed.ending_at(applied);
    if (entry == nullptr || entry->fold == fold) return std::nullopt;
    return fmt::format("node {} applied up to {} and is in another state", node, applied);
}

}  // namespace glasslog::sim
