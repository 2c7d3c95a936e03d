#pragma once

// M6 "only-committed-visible": nobody is shown what is not committed: a node applies only what a
// leader, backed by its quorum, has called committed.

#include "core/base/ids.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace glasslog::sim {

inline std::optional<std::string> only_committed_visible(NodeId node,
                                                         Offset applied,
                                                         Offset committed) {
    if (applied <= committed) return std::nullopt;
    return fmt::format("node {} applies up to {}, only {} is committed", node, applied, committed);
}

}  // namespace glasslog::sim
