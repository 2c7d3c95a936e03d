#pragma once

// R8 "quorum-backed": what a leader calls committed stands durably on a majority of the voters that
// its log names, at the moment when it says so.

#include "core/base/ids.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace glasslog::sim {

// How many voters hold the leader's log durably up to its high watermark.
struct Backing {
    std::size_t durable_count = 0;
    std::size_t majority = 0;
};

inline std::optional<std::string> quorum_backed(NodeId leader,
                                                Offset high_watermark,
                                                const Backing& backing) {
    if (backing.durable_count >= backing.majority) return std::nullopt;
    return fmt::format("leader {} commits up to {}, which {} voters hold durably; a majority is {}",
                       leader,
                       high_watermark,
                       backing.durable_count,
                       backing.majority);
}

}  // namespace glasslog::sim
