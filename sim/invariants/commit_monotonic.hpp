#pragma once

// R7 "commit-monotonic": within one life the high watermark of a node never falls; and what the
// quorum has committed never shrinks: a leader that has committed its own first record stands above
// all that was committed before.

#include "sim/invariants/committed_prefix.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace glasslog::sim {

inline std::optional<std::string> commit_monotonic(NodeId node, Offset before, Offset after) {
    if (after >= before) return std::nullopt;
    return fmt::format("the high watermark of node {} fell from {} to {}", node, before, after);
}

// Of a leader of `epoch` that has committed in it.
inline std::optional<std::string> commit_kept(LeaderEpoch epoch,
                                              Offset high_watermark,
                                              const CommittedPrefix& committed) {
    const auto* const last = committed.last_before(epoch);
    if (last == nullptr || last->batch.end <= high_watermark) return std::nullopt;
    return fmt::format("epoch {} is committed up to {}, epoch {} was up to {}",
                       epoch,
                       high_watermark,
                       last->committed_in,
                       last->batch.end);
}

}  // namespace glasslog::sim
