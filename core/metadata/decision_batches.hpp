#pragma once

// How the records of one decision stand in the log, so that all of them count or none: one batch,
// which is atomic by itself, or the batches of a transaction of records. Source: KIP-868;
// docs/metadata.md, "One decision, all or nothing".

#include "core/base/bytes.hpp"
#include "core/metadata/records.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace glasslog::metadata {

// Kafka's MAX_RECORDS_PER_USER_OP, and what its quorum takes for a batch.
struct BatchLimits {
    std::size_t records_max = 10'000;
    std::size_t bytes_max = 8U << 20;  // of values; a larger record stands alone
};

// Both as long: the values are the records as they are written.
struct DecisionBatch {
    std::vector<Record> records;
    std::vector<Bytes> values;
};

// The records in order, none: no batch. level: of metadata.version; before 3.6-IV1 it has no
// transactions, and more than one batch stand in order, each for itself.
std::vector<DecisionBatch> batches_of(std::vector<Record> records,
                                      std::int16_t level,
                                      const BatchLimits& limits);

}  // namespace glasslog::metadata
