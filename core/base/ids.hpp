#pragma once

// The identities that the whole project shares. Widths are those of Kafka's wire.

#include "core/base/strong.hpp"

#include <cstdint>

namespace glasslog {

using NodeId = Strong<struct NodeIdTag, std::int32_t>;        // broker.id / node.id; -1 none
using ReactorId = Strong<struct ReactorIdTag, std::int32_t>;  // 0 .. N-1 within one broker
using Offset = Strong<struct OffsetTag, std::int64_t>;        // of a record in a partition; -1 none
using LeaderEpoch =
    Strong<struct LeaderEpochTag, std::int32_t>;  // of a partition's leader; -1 unknown
using PartitionIndex = Strong<struct PartitionIndexTag, std::int32_t>;
using ProducerId = Strong<struct ProducerIdTag, std::int64_t>;        // -1 none
using ProducerEpoch = Strong<struct ProducerEpochTag, std::int16_t>;  // -1 none
using Sequence = Strong<struct SequenceTag, std::int32_t>;  // of a producer on a partition; -1 none
using BrokerEpoch =
    Strong<struct BrokerEpochTag, std::int64_t>;  // offset of the registration record
using CorrelationId = Strong<struct CorrelationIdTag, std::int32_t>;

inline constexpr NodeId no_node{-1};
inline constexpr Offset no_offset{-1};
inline constexpr LeaderEpoch no_leader_epoch{-1};
inline constexpr ProducerId no_producer_id{-1};
inline constexpr ProducerEpoch no_producer_epoch{-1};
inline constexpr Sequence no_sequence{-1};

}  // namespace glasslog
