#pragma once

// M2 "epoch-offset-unique": (epoch, offset) names one record for ever, across crashes of its
// writer. Fed when a batch is sent, not only when it is stored (KAFKA-10527).

#include "sim/invariants/batch_table.hpp"
#include "sim/invariants/logged_batch.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace glasslog::sim {

class EpochOffsetUnique {
public:
    std::optional<std::string> see_sent(NodeId node, const LoggedBatch& batch) {
        if (digests_.at_or(batch.epoch, batch.base, batch.digest) == batch.digest)
            return std::nullopt;
        return fmt::format("node {} sends another batch of epoch {} at {} than was sent before",
                           node,
                           batch.epoch,
                           batch.base);
    }

private:
    BatchTable digests_;
};

}  // namespace glasslog::sim
