#pragma once

// M3 "snapshot-at-log-start": a log that does not begin at 0 begins where a snapshot of its node
// ends, so that nothing is missing between them.

#include "core/base/ids.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace glasslog::sim {

// has_snapshot: one that ends exactly at log_start.
inline std::optional<std::string> snapshot_at_log_start(NodeId node,
                                                        Offset log_start,
                                                        bool has_snapshot) {
    if (log_start == Offset(0) || has_snapshot) return std::nullopt;
    return fmt::format("the log of node {} begins at {}, where no snapshot ends", node, log_start);
}

}  // namespace glasslog::sim
