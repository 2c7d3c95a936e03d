#pragma once

// DescribeTopicPartitions (API key 75): Metadata by pages.

#include "core/protocol/api.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// cursor: where the page begins; null for the first one.
struct DescribeTopicPartitionsRequest {
    static constexpr std::string_view message_name = "DescribeTopicPartitionsRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::describe_topic_partitions;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    struct Topic {
        std::string name;

        static void walk(auto& self, auto& w) { w.field("name", self.name); }

        friend bool operator==(const Topic&, const Topic&) = default;
    };

    struct Cursor {
        std::string topic_name;
        PartitionIndex partition_index;

        static void walk(auto& self, auto& w) {
            w.field("topic_name", self.topic_name);
            w.field("partition_index", self.partition_index);
        }

        friend bool operator==(const Cursor&, const Cursor&) = default;
    };

    std::vector<Topic> topics;
    std::int32_t response_partition_limit = 2000;
    std::optional<Cursor> cursor;

    static void walk(auto& self, auto& w) {
        w.array("topics", self.topics);
        w.field("response_partition_limit", self.response_partition_limit);
        w.field("cursor", self.cursor, nullable());
    }

    friend bool operator==(const DescribeTopicPartitionsRequest&,
                           const DescribeTopicPartitionsRequest&) = default;
};

// next_cursor is null on the last page.
struct DescribeTopicPartitionsResponse {
    static constexpr std::string_view message_name = "DescribeTopicPartitionsResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::describe_topic_partitions;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    struct Partition {
        WireError error_code = WireError::none;
        PartitionIndex partition_index;
        NodeId leader_id;
        LeaderEpoch leader_epoch{-1};
        std::vector<NodeId> replica_nodes;
        std::vector<NodeId> isr_nodes;
        std::optional<std::vector<NodeId>> eligible_leader_replicas;
        std::optional<std::vector<NodeId>> last_known_elr;
        std::vector<NodeId> offline_replicas;

        static void walk(auto& self, auto& w) {
            w.field("error_code", self.error_code);
            w.field("partition_index", self.partition_index);
            w.field("leader_id", self.leader_id);
            w.field("leader_epoch", self.leader_epoch);
            w.array("replica_nodes", self.replica_nodes);
            w.array("isr_nodes", self.isr_nodes);
            w.array("eligible_leader_replicas", self.eligible_leader_replicas, nullable());
            w.array("last_known_elr", self.last_known_elr, nullable());
            w.array("offline_replicas", self.offline_replicas);
        }

        friend bool operator==(const Partition&, const Partition&) = default;
    };

    struct Topic {
        WireError error_code = WireError::none;
        std::optional<std::string> name;
        Uuid topic_id;
        bool is_internal = false;
        std::vector<Partition> partitions;
        std::int32_t topic_authorized_operations = INT32_MIN;

        static void walk(auto& self, auto& w) {
            w.field("error_code", self.error_code);
            w.field("name", self.name, nullable());
            w.field("topic_id", self.topic_id);
            w.field("is_internal", self.is_internal);
            w.array("partitions", self.partitions);
            w.field("topic_authorized_operations", self.topic_authorized_operations);
        }

        friend bool operator==(const Topic&, const Topic&) = default;
    };

    struct Cursor {
        std::string topic_name;
        PartitionIndex partition_index;

        static void walk(auto& self, auto& w) {
            w.field("topic_name", self.topic_name);
            w.field("partition_index", self.partition_index);
        }

        friend bool operator==(const Cursor&, const Cursor&) = default;
    };

    std::int32_t throttle_time_ms = 0;
    std::vector<Topic> topics;
    std::optional<Cursor> next_cursor;

    static void walk(auto& self, auto& w) {
        w.field("throttle_time_ms", self.throttle_time_ms);
        w.array("topics", self.topics);
        w.field("next_cursor", self.next_cursor, nullable());
    }

    friend bool operator==(const DescribeTopicPartitionsResponse&,
                           const DescribeTopicPartitionsResponse&) = default;
};

}  // namespace glasslog::protocol
