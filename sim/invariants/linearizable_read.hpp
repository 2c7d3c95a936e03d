#pragma once

// R11 "linearizable-read": a read answers with a state that holds all that was committed before it
// was asked. The check of a prefix is enough for a log.

#include "core/base/ids.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace glasslog::sim {

inline std::optional<std::string> linearizable_read(NodeId node,
                                                    Offset committed_when_asked,
                                                    Offset answered) {
    if (answered >= committed_when_asked) return std::nullopt;
    return fmt::format("node {} answers a read as of {}; {} was committed before it was asked",
                       node,
                       answered,
                       committed_when_asked);
}

}  // namespace glasslog::sim
