#pragma once

// What a batch of the metadata log says to the image.

#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/metadata/records.hpp"
#include "core/protocol/record_batch.hpp"

#include <cstdint>
#include <variant>
#include <vector>

namespace glasslog::metadata {

// What one batch of the log says. base: offset of its first record.
struct ReplayedBatch {
    Offset base;
    LeaderEpoch epoch;
    std::vector<Record> records;
};

// A control record finalized a level of kraft.version.
struct ReplayedKraftVersion {
    Offset offset;
    LeaderEpoch epoch;
    std::int16_t level = 0;
};

using LogEntry = std::variant<ReplayedBatch, ReplayedKraftVersion>;

// The entries of one batch; control records of other kinds are passed over.
Expected<std::vector<LogEntry>, DecodeError> read_entries(const protocol::BatchView& batch);

}  // namespace glasslog::metadata
