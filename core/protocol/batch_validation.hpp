#pragma once

// What a leader demands of a client's batch, in Kafka's order and with Kafka's codes. Checks that
// need the log (leadership, sequences, transactions) are made by its owner.

#include "core/protocol/batch_builder.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// One record that is to blame; for RecordErrors of Produce 8 and later.
struct RecordRefusal {
    std::int32_t index = 0;  // within the batch
    std::string message;
};

// Why a batch is not taken. log_start: whether Kafka's answer tells the partition's log start
// offset (it does when the log itself refused) or -1.
struct BatchRefusal {
    WireError code = WireError::invalid_record;
    std::string message;
    std::vector<RecordRefusal> records;
    bool tells_log_start = false;
};

// Step 1, before the partition is looked at: exactly one batch of magic 2, and zstd only from
// Produce 7 on. The view points into `records`. Fewer bytes than a batch head may follow it, as in
// Kafka; they do not belong to it.
Expected<BatchView, BatchRefusal> check_produced_format(ByteView records, Version produce_version);

// Limits of the topic that a batch goes to.
struct BatchRules {
    std::size_t batch_bytes_max = 1048588;                      // max.message.bytes
    std::size_t decompressed_bytes_max = 128U << 20;            // of one batch's records
    bool requires_keys = false;                                 // cleanup.policy has compact
    TimestampType timestamp_type = TimestampType::create_time;  // message.timestamp.type
    std::int64_t timestamp_before_ms_max = INT64_MAX;           // message.timestamp.before.max.ms
    std::int64_t timestamp_after_ms_max = 3'600'000;            // message.timestamp.after.max.ms
    std::int64_t now_ms = 0;                                    // wall time
};

// What a batch turned out to be. Feed max_timestamp and timestamp_type to assign().
struct CheckedBatch {
    TimestampType timestamp_type = TimestampType::create_time;
    std::int64_t max_timestamp = -1;
    std::int32_t max_timestamp_delta = 0;  // offset delta of the first record that has it
    bool needs_rebuild = false;            // offsets inside are not 0, 1, 2…: see rebuilt()
};

// Step 2, on the leader: base offset, size, CRC, counts, then every record.
Expected<CheckedBatch, BatchRefusal> check_produced_batch(const BatchView& batch,
                                                          const BatchRules& rules);

// The same records in a new batch with consecutive offsets and the codec wanted (compression.type);
// producer and flags as they were.
Expected<Bytes, DecompressFault> rebuilt(const BatchView& batch,
                                         Compression compression,
                                         std::size_t decompressed_bytes_max);

}  // namespace glasslog::protocol
