#pragma once

// Records in, one batch of magic 2 out.

#include "core/protocol/record_batch.hpp"

namespace glasslog::protocol {

// A record to be written; points to bytes of the caller.
struct NewRecord {
    std::int64_t timestamp = -1;  // milliseconds since 1970 UTC; -1 none
    std::optional<ByteView> key;
    std::optional<ByteView> value;
    std::span<const HeaderView> headers;
};

// The header fields of a batch, and how its records are packed.
struct BatchOptions {
    Offset base_offset;
    LeaderEpoch leader_epoch = no_leader_epoch;
    Compression compression = Compression::none;
    std::optional<int> compression_level;
    TimestampType timestamp_type = TimestampType::create_time;
    bool is_transactional = false;
    bool is_control = false;
    ProducerId producer_id = no_producer_id;
    ProducerEpoch producer_epoch = no_producer_epoch;
    Sequence base_sequence = no_sequence;
};

class BatchBuilder {
public:
    explicit BatchBuilder(const BatchOptions& options);

    // The next record; its offset is one above the one before. Timestamps may come in any order.
    void append(const NewRecord& record);

    std::int32_t record_count() const { return count_; }

    // Of the batch so far, uncompressed, header included.
    std::size_t size() const { return bytes_.size(); }

    // An upper bound of what a record adds to size().
    static std::size_t size_bound(const NewRecord& record);

    // The batch; has at least one record. Leaves the builder empty, ready for the same options.
    Bytes build();

private:
    BatchOptions options_;
    std::vector<std::uint8_t> bytes_;  // header, to be filled in by build(), then records
    std::int32_t count_ = 0;
    std::int64_t base_timestamp_ = -1;
    std::int64_t max_timestamp_ = -1;
};

// One batch with a single record without timestamp, key or headers, or with those of `record`.
Bytes single_record_batch(const BatchOptions& options, const NewRecord& record);

}  // namespace glasslog::protocol
