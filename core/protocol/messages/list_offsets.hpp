#pragma once

// ListOffsets (API key 2): offsets by timestamp. -1 latest, -2 earliest, -3 of the largest
// timestamp (version 7), -4 earliest local (8), -5 latest tiered (9), -6 earliest pending upload
// (11).

#include "core/protocol/api.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/isolation_level.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// replica_id is -1 for a consumer.
struct ListOffsetsRequest {
    static constexpr std::string_view message_name = "ListOffsetsRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::list_offsets;
    static constexpr VersionRange versions{1, 11};
    static constexpr Version flexible_from{6};

    struct Partition {
        PartitionIndex partition_index;
        LeaderEpoch current_leader_epoch{-1};
        std::int64_t timestamp = 0;

        static void walk(auto& self, auto& w) {
            w.field("partition_index", self.partition_index);
            w.field("current_leader_epoch", self.current_leader_epoch, since(4));
            w.field("timestamp", self.timestamp);
        }

        friend bool operator==(const Partition&, const Partition&) = default;
    };

    struct Topic {
        std::string name;
        std::vector<Partition> partitions;

        static void walk(auto& self, auto& w) {
            w.field("name", self.name);
            w.array("partitions", self.partitions);
        }

        friend bool operator==(const Topic&, const Topic&) = default;
    };

    NodeId replica_id;
    IsolationLevel isolation_level = IsolationLevel::read_uncommitted;
    std::vector<Topic> topics;
    std::int32_t timeout_ms = 0;

    static void walk(auto& self, auto& w) {
        w.field("replica_id", self.replica_id);
        w.field("isolation_level", self.isolation_level, since(2));
        w.array("topics", self.topics);
        w.field("timeout_ms", self.timeout_ms, since(10));
    }

    friend bool operator==(const ListOffsetsRequest&, const ListOffsetsRequest&) = default;
};

// offset and timestamp are -1 when no record qualifies.
struct ListOffsetsResponse {
    static constexpr std::string_view message_name = "ListOffsetsResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::list_offsets;
    static constexpr VersionRange versions{1, 11};
    static constexpr Version flexible_from{6};

    struct Partition {
        PartitionIndex partition_index;
        WireError error_code = WireError::none;
        std::int64_t timestamp = -1;
        Offset offset{-1};
        LeaderEpoch leader_epoch{-1};

        static void walk(auto& self, auto& w) {
            w.field("partition_index", self.partition_index);
            w.field("error_code", self.error_code);
            w.field("timestamp", self.timestamp, since(1));
            w.field("offset", self.offset, since(1));
            w.field("leader_epoch", self.leader_epoch, since(4));
        }

        friend bool operator==(const Partition&, const Partition&) = default;
    };

    struct Topic {
        std::string name;
        std::vector<Partition> partitions;

        static void walk(auto& self, auto& w) {
            w.field("name", self.name);
            w.array("partitions", self.partitions);
        }

        friend bool operator==(const Topic&, const Topic&) = default;
    };

    std::int32_t throttle_time_ms = 0;
    std::vector<Topic> topics;

    static void walk(auto& self, auto& w) {
        w.field("throttle_time_ms", self.throttle_time_ms, since(2));
        w.array("topics", self.topics);
    }

    friend bool operator==(const ListOffsetsResponse&, const ListOffsetsResponse&) = default;
};

}  // namespace glasslog::protocol
