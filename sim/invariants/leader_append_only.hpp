#pragma once

// R2 "leader-append-only": while a node leads an epoch, its log is only extended.

#include "core/base/ids.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace glasslog::sim {

// After a truncation to [.., to). leads: the node led this epoch before and does after.
inline std::optional<std::string> leader_append_only(NodeId node, bool leads, Offset to) {
    if (!leads) return std::nullopt;
    return fmt::format("leader {} cut its own log at {}", node, to);
}

}  // namespace glasslog::sim
