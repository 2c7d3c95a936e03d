#pragma once

// The batches of the metadata log that a node of the quorum writes itself, and what the machine
// must know of any batch. Pure. Sources: KIP-595, KIP-853; docs/raft.md.

#include "core/base/bytes.hpp"
#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/protocol/record_batch.hpp"
#include "core/raft/events.hpp"

#include <span>

namespace glasslog::raft {

// Where a batch stands, and when it was written (milliseconds since 1970).
struct BatchStamp {
    Offset base;
    LeaderEpoch epoch;
    std::int64_t time = 0;
};

Bytes leader_change_batch(const LeaderChange& change, NodeId leader, const BatchStamp& stamp);
Bytes voters_batch(const VotersChange& change, const BatchStamp& stamp);
Bytes barrier_batch(const BatchStamp& stamp);

// One batch with these values; at least one.
Bytes value_batch(std::span<const Bytes> values, const BatchStamp& stamp);

// Refuses a wrong CRC, a broken control record, and records that are not as many as the offsets.
// digest: of the bytes that the CRC covers.
Expected<Batch, DecodeError> describe_batch(const protocol::BatchView& batch);

// Whole batches of `bytes`, described, with their bytes; the last may be cut short and is left out.
struct DescribedBatches {
    std::vector<Batch> batches;
    std::vector<Bytes> bytes;
};

Expected<DescribedBatches, DecodeError> describe_batches(const Bytes& bytes);

}  // namespace glasslog::raft
