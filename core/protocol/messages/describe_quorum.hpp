#pragma once

// DescribeQuorum (API key 55): leader, voters and observers, and how far they are (KIP-595,
// KIP-836).

#include "core/protocol/api.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/messages/endpoints.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// Only __cluster_metadata-0 has a quorum.
struct DescribeQuorumRequest {
    static constexpr std::string_view message_name = "DescribeQuorumRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::describe_quorum;
    static constexpr VersionRange versions{0, 2};
    static constexpr Version flexible_from{0};

    struct Partition {
        PartitionIndex partition_index;

        static void walk(auto& self, auto& w) { w.field("partition_index", self.partition_index); }

        friend bool operator==(const Partition&, const Partition&) = default;
    };

    struct Topic {
        std::string topic_name;
        std::vector<Partition> partitions;

        static void walk(auto& self, auto& w) {
            w.field("topic_name", self.topic_name);
            w.array("partitions", self.partitions);
        }

        friend bool operator==(const Topic&, const Topic&) = default;
    };

    std::vector<Topic> topics;

    static void walk(auto& self, auto& w) { w.array("topics", self.topics); }

    friend bool operator==(const DescribeQuorumRequest&, const DescribeQuorumRequest&) = default;
};

// Timestamps: milliseconds since 1970 UTC, -1 unknown; the leader's own are those of the answer.
struct DescribeQuorumResponse {
    static constexpr std::string_view message_name = "DescribeQuorumResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::describe_quorum;
    static constexpr VersionRange versions{0, 2};
    static constexpr Version flexible_from{0};

    struct Replica {
        NodeId replica_id;
        Uuid replica_directory_id;
        Offset log_end_offset;
        std::int64_t last_fetch_timestamp = -1;
        std::int64_t last_caught_up_timestamp = -1;

        static void walk(auto& self, auto& w) {
            w.field("replica_id", self.replica_id);
            w.field("replica_directory_id", self.replica_directory_id, since(2));
            w.field("log_end_offset", self.log_end_offset);
            w.field("last_fetch_timestamp", self.last_fetch_timestamp, since(1));
            w.field("last_caught_up_timestamp", self.last_caught_up_timestamp, since(1));
        }

        friend bool operator==(const Replica&, const Replica&) = default;
    };

    struct Partition {
        PartitionIndex partition_index;
        WireError error_code = WireError::none;
        std::optional<std::string> error_message;
        NodeId leader_id;
        LeaderEpoch leader_epoch;
        Offset high_watermark;
        std::vector<Replica> current_voters;
        std::vector<Replica> observers;

        static void walk(auto& self, auto& w) {
            w.field("partition_index", self.partition_index);
            w.field("error_code", self.error_code);
            w.field("error_message", self.error_message, since(2) | nullable());
            w.field("leader_id", self.leader_id);
            w.field("leader_epoch", self.leader_epoch);
            w.field("high_watermark", self.high_watermark);
            w.array("current_voters", self.current_voters);
            w.array("observers", self.observers);
        }

        friend bool operator==(const Partition&, const Partition&) = default;
    };

    struct Topic {
        std::string topic_name;
        std::vector<Partition> partitions;

        static void walk(auto& self, auto& w) {
            w.field("topic_name", self.topic_name);
            w.array("partitions", self.partitions);
        }

        friend bool operator==(const Topic&, const Topic&) = default;
    };

    using Listener = VoterEndpoint;

    struct Node {
        NodeId node_id;
        std::vector<Listener> listeners;

        static void walk(auto& self, auto& w) {
            w.field("node_id", self.node_id);
            w.array("listeners", self.listeners);
        }

        friend bool operator==(const Node&, const Node&) = default;
    };

    WireError error_code = WireError::none;
    std::optional<std::string> error_message;
    std::vector<Topic> topics;
    std::vector<Node> nodes;

    static void walk(auto& self, auto& w) {
        w.field("error_code", self.error_code);
        w.field("error_message", self.error_message, since(2) | nullable());
        w.array("topics", self.topics);
        w.array("nodes", self.nodes, since(2));
    }

    friend bool operator==(const DescribeQuorumResponse&, const DescribeQuorumResponse&) = default;
};

}  // namespace glasslog::protocol
