#pragma once

// R3 "log-matching": where two logs hold a batch of the same epoch at the same offset, they are
// equal up to there, contents included. Incremental: a leader's new batch is noted with the hash of
// all before it, a copy is compared with the note.

#include "sim/invariants/batch_table.hpp"
#include "sim/invariants/logged_batch.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace glasslog::sim {

class LogMatching {
public:
    void see_written(const LoggedBatch& batch) {
        chains_.at_or(batch.epoch, batch.base, batch.chain) = batch.chain;
    }

    std::optional<std::string> see_copied(NodeId node, const LoggedBatch& batch) {
        if (chains_.at_or(batch.epoch, batch.base, batch.chain) == batch.chain) return std::nullopt;
        return fmt::format("node {} holds the batch of epoch {} at {} behind another log",
                           node,
                           batch.epoch,
                           batch.base);
    }

private:
    BatchTable chains_;
};

}  // namespace glasslog::sim
