#pragma once

// R12 "snapshot-prefix": a snapshot holds the state that the committed log below its end makes, and
// names the epoch of the last record in it; installing one removes no record that follows it.

#include "sim/invariants/committed_prefix.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace glasslog::sim {

struct SnapshotFacts {
    Offset end;
    LeaderEpoch epoch;
    std::uint64_t fold = 0;
};

// When it is taken, and when it is installed.
inline std::optional<std::string> snapshot_prefix(NodeId node,
                                                  const SnapshotFacts& snapshot,
                                                  const CommittedPrefix& committed) {
    const auto* const entry = committed.ending_at(snapshot.end);
    const bool is_prefix =
        entry != nullptr && entry->batch.epoch == snapshot.epoch && entry->fold == snapshot.fold;
    if (is_prefix) return std::nullopt;
    return fmt::format("snapshot {} of epoch {} on node {} is not what was committed below it",
                       snapshot.end,
                       snapshot.epoch,
                       node);
}

// log: of the node, before the installation.
inline std::optional<std::string> keeps_matching_suffix(NodeId node,
                                                        Offset end,
                                                        std::span<const LoggedBatch> log,
                                                        const CommittedPrefix& committed) {
    const LoggedBatch* const own = batch_ending_at(log, end);
    const auto* const entry = committed.ending_at(end);
    if (own == nullptr || entry == nullptr || own == &log.back()) return std::nullopt;
    if (own->chain != entry->batch.chain) return std::nullopt;
    return fmt::format("node {} loses what follows {} by installing a snapshot that ends there",
                       node,
                       end);
}

}  // namespace glasslog::sim
