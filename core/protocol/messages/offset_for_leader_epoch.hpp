#pragma once

// OffsetForLeaderEpoch (API key 23): where an epoch ended in the leader's log.

#include "core/protocol/api.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// replica_id: -1 consumer, -2 debugging.
struct OffsetForLeaderEpochRequest {
    static constexpr std::string_view message_name = "OffsetForLeaderEpochRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::offset_for_leader_epoch;
    static constexpr VersionRange versions{2, 4};
    static constexpr Version flexible_from{4};

    struct Partition {
        PartitionIndex partition;
        LeaderEpoch current_leader_epoch{-1};
        LeaderEpoch leader_epoch;

        static void walk(auto& self, auto& w) {
            w.field("partition", self.partition);
            w.field("current_leader_epoch", self.current_leader_epoch, since(2));
            w.field("leader_epoch", self.leader_epoch);
        }

        friend bool operator==(const Partition&, const Partition&) = default;
    };

    struct Topic {
        std::string topic;
        std::vector<Partition> partitions;

        static void walk(auto& self, auto& w) {
            w.field("topic", self.topic);
            w.array("partitions", self.partitions);
        }

        friend bool operator==(const Topic&, const Topic&) = default;
    };

    NodeId replica_id{-2};
    std::vector<Topic> topics;

    static void walk(auto& self, auto& w) {
        w.field("replica_id", self.replica_id, since(3));
        w.array("topics", self.topics);
    }

    friend bool operator==(const OffsetForLeaderEpochRequest&,
                           const OffsetForLeaderEpochRequest&) = default;
};

// leader_epoch: the largest one not above the epoch asked for; end_offset: where it ends, -1
// unknown.
struct OffsetForLeaderEpochResponse {
    static constexpr std::string_view message_name = "OffsetForLeaderEpochResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::offset_for_leader_epoch;
    static constexpr VersionRange versions{2, 4};
    static constexpr Version flexible_from{4};

    struct Partition {
        WireError error_code = WireError::none;
        PartitionIndex partition;
        LeaderEpoch leader_epoch{-1};
        Offset end_offset{-1};

        static void walk(auto& self, auto& w) {
            w.field("error_code", self.error_code);
            w.field("partition", self.partition);
            w.field("leader_epoch", self.leader_epoch, since(1));
            w.field("end_offset", self.end_offset);
        }

        friend bool operator==(const Partition&, const Partition&) = default;
    };

    struct Topic {
        std::string topic;
        std::vector<Partition> partitions;

        static void walk(auto& self, auto& w) {
            w.field("topic", self.topic);
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

    friend bool operator==(const OffsetForLeaderEpochResponse&,
                           const OffsetForLeaderEpochResponse&) = default;
};

}  // namespace glasslog::protocol
