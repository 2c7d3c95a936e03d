#pragma once

// R5 "state-machine-safety": no two nodes apply, and no two leaders commit, different batches at
// one offset.

#include "sim/invariants/committed_prefix.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace glasslog::sim {

inline std::optional<std::string> state_machine_safety(NodeId node,
                                                       const LoggedBatch& applied,
                                                       const CommittedPrefix& committed) {
    if (applied.base >= committed.end()) return std::nullopt;  // only_committed_visible tells
    const auto* const entry = committed.beginning_at(applied.base);
    if (entry != nullptr && entry->batch.digest == applied.digest) return std::nullopt;
    return fmt::format("node {} applies at {} a batch of epoch {} that is not the committed one",
                       node,
                       applied.base,
                       applied.epoch);
}

}  // namespace glasslog::sim
