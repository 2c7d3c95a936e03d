#pragma once

// Records as programs see them.

#include "core/base/bytes.hpp"
#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/client/cluster_view.hpp"
#include "core/protocol/record_batch.hpp"

#include <optional>
#include <string>
#include <vector>

namespace glasslog::client {

struct Header {
    std::string key;
    std::optional<Bytes> value;

    friend bool operator==(const Header&, const Header&) = default;
};

// A record to be produced. partition: none lets the key decide. timestamp: none is now.
struct NewRecord {
    std::string topic;
    std::optional<PartitionIndex> partition;
    std::optional<Bytes> key;
    std::optional<Bytes> value;
    std::vector<Header> headers;
    std::optional<WallTime> timestamp;
};

// Where a produced record stands. offset: -1 with acks 0, when nobody said.
struct RecordPlace {
    TopicPartition partition;
    Offset offset = no_offset;
    WallTime timestamp;
};

// A record as it was read; the bytes share the fetched batch.
struct ConsumedRecord {
    TopicPartition partition;
    Offset offset;
    LeaderEpoch leader_epoch;
    WallTime timestamp;
    protocol::TimestampType timestamp_type = protocol::TimestampType::create_time;
    std::optional<Bytes> key;
    std::optional<Bytes> value;
    std::vector<Header> headers;
};

}  // namespace glasslog::client
