#pragma once

// Which brokers hold a new partition: pure. Leaders go round the racks, and within a rack round its
// brokers, so that consecutive partitions spread; the other replicas take the racks that follow.
// Source: Kafka's striped placement (KIP-631 era), as docs/metadata.md describes it.

#include "core/base/ids.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace glasslog::metadata {

struct UsableBroker {
    NodeId id;
    std::optional<std::string> rack;  // none: all such brokers form one rack
    bool is_fenced = false;           // may hold a replica, may not lead
};

struct PlacementRequest {
    std::int32_t partition_count = 0;
    std::int32_t replication_factor = 0;  // 1 .. the number of brokers
    std::uint64_t draw = 0;               // the chance in it
};

// One list per partition, the leader first. Empty when no broker may lead or the factor is out of
// range.
std::vector<std::vector<NodeId>> place(const std::vector<UsableBroker>& brokers,
                                       const PlacementRequest& request);

}  // namespace glasslog::metadata
