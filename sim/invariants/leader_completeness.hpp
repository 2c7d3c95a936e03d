#pragma once

// R4 "leader-completeness": what was committed in an epoch is in the log of every leader of a later
// one.

#include "sim/invariants/committed_prefix.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace glasslog::sim {

// log: of the new leader of `epoch`, before its first batch; it begins at `log_start`.
inline std::optional<std::string> leader_completeness(LeaderEpoch epoch,
                                                      std::span<const LoggedBatch> log,
                                                      Offset log_start,
                                                      const CommittedPrefix& committed) {
    const auto* const last = committed.last_before(epoch);
    if (last == nullptr || last->batch.end <= log_start) return std::nullopt;
    const LoggedBatch* const own = batch_ending_at(log, last->batch.end);
    if (own != nullptr && own->chain == last->batch.chain) return std::nullopt;
    return fmt::format("the leader of epoch {} lacks the batch below {} that epoch {} committed",
                       epoch,
                       last->batch.end,
                       last->committed_in);
}

}  // namespace glasslog::sim
