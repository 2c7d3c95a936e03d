#pragma once

// M7 "ready-at-epoch-start": a leader is held for ready, and answers reads, only once its high
// watermark has passed the first record of its epoch.

#include "core/base/ids.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace glasslog::sim {

inline std::optional<std::string> ready_at_epoch_start(NodeId leader,
                                                       Offset epoch_start,
                                                       Offset high_watermark) {
    if (high_watermark > epoch_start) return std::nullopt;
    return fmt::format("leader {} is ready at {}, and its epoch begins at {}",
                       leader,
                       high_watermark,
                       epoch_start);
}

}  // namespace glasslog::sim
