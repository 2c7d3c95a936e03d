#pragma once

// Metadata (API key 3): brokers, and leaders of partitions.

#include "core/protocol/api.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// topics: null, or empty in version 0, asks for all. By name, or by id from version 10 on.
struct MetadataRequest {
    static constexpr std::string_view message_name = "MetadataRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::metadata;
    static constexpr VersionRange versions{0, 13};
    static constexpr Version flexible_from{9};

    struct Topic {
        Uuid topic_id;
        std::optional<std::string> name;

        static void walk(auto& self, auto& w) {
            w.field("topic_id", self.topic_id, since(10));
            w.field("name", self.name, nullable(10));
        }

        friend bool operator==(const Topic&, const Topic&) = default;
    };

    std::optional<std::vector<Topic>> topics;
    bool allow_auto_topic_creation = true;
    bool include_cluster_authorized_operations = false;
    bool include_topic_authorized_operations = false;

    static void walk(auto& self, auto& w) {
        w.array("topics", self.topics, nullable(1));
        w.field("allow_auto_topic_creation", self.allow_auto_topic_creation, since(4));
        w.field("include_cluster_authorized_operations",
                self.include_cluster_authorized_operations,
                since(8) | until(10));
        w.field("include_topic_authorized_operations",
                self.include_topic_authorized_operations,
                since(8));
    }

    friend bool operator==(const MetadataRequest&, const MetadataRequest&) = default;
};

// controller_id is any broker in KRaft clusters. Authorized operations are bit sets, INT32_MIN when
// not asked for.
struct MetadataResponse {
    static constexpr std::string_view message_name = "MetadataResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::metadata;
    static constexpr VersionRange versions{0, 13};
    static constexpr Version flexible_from{9};

    struct Broker {
        NodeId node_id;
        std::string host;
        std::int32_t port = 0;
        std::optional<std::string> rack;

        static void walk(auto& self, auto& w) {
            w.field("node_id", self.node_id);
            w.field("host", self.host);
            w.field("port", self.port);
            w.field("rack", self.rack, since(1) | nullable());
        }

        friend bool operator==(const Broker&, const Broker&) = default;
    };

    struct Partition {
        WireError error_code = WireError::none;
        PartitionIndex partition_index;
        NodeId leader_id;
        LeaderEpoch leader_epoch{-1};
        std::vector<NodeId> replica_nodes;
        std::vector<NodeId> isr_nodes;
        std::vector<NodeId> offline_replicas;

        static void walk(auto& self, auto& w) {
            w.field("error_code", self.error_code);
            w.field("partition_index", self.partition_index);
            w.field("leader_id", self.leader_id);
            w.field("leader_epoch", self.leader_epoch, since(7));
            w.array("replica_nodes", self.replica_nodes);
            w.array("isr_nodes", self.isr_nodes);
            w.array("offline_replicas", self.offline_replicas, since(5));
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
            w.field("name", self.name, nullable(12));
            w.field("topic_id", self.topic_id, since(10));
            w.field("is_internal", self.is_internal, since(1));
            w.array("partitions", self.partitions);
            w.field("topic_authorized_operations", self.topic_authorized_operations, since(8));
        }

        friend bool operator==(const Topic&, const Topic&) = default;
    };

    std::int32_t throttle_time_ms = 0;
    std::vector<Broker> brokers;
    std::optional<std::string> cluster_id;
    NodeId controller_id{-1};
    std::vector<Topic> topics;
    std::int32_t cluster_authorized_operations = INT32_MIN;
    WireError error_code = WireError::none;

    static void walk(auto& self, auto& w) {
        w.field("throttle_time_ms", self.throttle_time_ms, since(3));
        w.array("brokers", self.brokers);
        w.field("cluster_id", self.cluster_id, since(2) | nullable());
        w.field("controller_id", self.controller_id, since(1));
        w.array("topics", self.topics);
        w.field("cluster_authorized_operations",
                self.cluster_authorized_operations,
                since(8) | until(10));
        w.field("error_code", self.error_code, since(13));
    }

    friend bool operator==(const MetadataResponse&, const MetadataResponse&) = default;
};

}  // namespace glasslog::protocol
