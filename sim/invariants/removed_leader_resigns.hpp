#pragma once

// R17 "removed-leader-resigns": a leader that removed itself leads until that is committed, and no
// longer (KIP-853).

#include "core/base/ids.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace glasslog::sim {

// `last_config`: where the voters stand that the node, which is none of them, leads by.
inline std::optional<std::string> removed_leader_resigns(NodeId leader,
                                                         Offset last_config,
                                                         Offset high_watermark) {
    if (high_watermark <= last_config) return std::nullopt;
    return fmt::format("node {} leads on at {}, and its removal at {} is committed",
                       leader,
                       high_watermark,
                       last_config);
}

}  // namespace glasslog::sim
