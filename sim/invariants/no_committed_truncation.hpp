#pragma once

// R9 "no-committed-truncation": no node removes what was committed in its epoch or before
// (KAFKA-12460). That it keeps what it knows itself to be committed, the machine checks and stops.

#include "sim/invariants/committed_prefix.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace glasslog::sim {

// The log of `node`, which is in `epoch`, loses `removed`, and so all behind it.
inline std::optional<std::string> no_committed_truncation(NodeId node,
                                                          LeaderEpoch epoch,
                                                          const LoggedBatch& removed,
                                                          const CommittedPrefix& committed) {
    const auto* const entry = committed.beginning_at(removed.base);
    if (entry == nullptr || entry->batch.chain != removed.chain) return std::nullopt;
    if (entry->committed_in > epoch) return std::nullopt;
    return fmt::format("node {} cuts its log at {}, which epoch {} committed",
                       node,
                       removed.base,
                       entry->committed_in);
}

}  // namespace glasslog::sim
