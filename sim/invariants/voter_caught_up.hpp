#pragma once

// R16 "voter-caught-up": a leader adds a voter only when that has durably fetched into the leader's
// epoch: one that holds next to nothing would be counted on for the next commit, and is not there.

#include "core/base/ids.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace glasslog::sim {

// When the leader appends the new voters. epoch_start: of the leader's first record.
inline std::optional<std::string> voter_caught_up(NodeId added,
                                                  Offset epoch_start,
                                                  Offset durable_end) {
    if (durable_end > epoch_start) return std::nullopt;
    return fmt::format(
        "node {} becomes a voter with a log up to {}; its leader's epoch begins at {}",
        added,
        durable_end,
        epoch_start);
}

}  // namespace glasslog::sim
