#pragma once

// Fetch (API key 1): batches of partitions, by consumers and followers. Topics by name up to
// version 12, by id from 13 on.

#include "core/protocol/api.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/isolation_level.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// replica_id (replica_state from version 15): -1 for a consumer. session_id 0 with session_epoch
// -1: no fetch session.
struct FetchRequest {
    static constexpr std::string_view message_name = "FetchRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::fetch;
    static constexpr VersionRange versions{4, 18};
    static constexpr Version flexible_from{12};

    struct ReplicaState {
        NodeId replica_id{-1};
        BrokerEpoch replica_epoch{-1};

        static void walk(auto& self, auto& w) {
            w.field("replica_id", self.replica_id, since(15));
            w.field("replica_epoch", self.replica_epoch, since(15));
        }

        friend bool operator==(const ReplicaState&, const ReplicaState&) = default;
    };

    struct Partition {
        PartitionIndex partition;
        LeaderEpoch current_leader_epoch{-1};
        Offset fetch_offset;
        LeaderEpoch last_fetched_epoch{-1};
        Offset log_start_offset{-1};
        std::int32_t partition_max_bytes = 0;
        Uuid replica_directory_id;
        Offset high_watermark{INT64_MAX};

        static void walk(auto& self, auto& w) {
            w.field("partition", self.partition);
            w.field("current_leader_epoch", self.current_leader_epoch, since(9));
            w.field("fetch_offset", self.fetch_offset);
            w.field("last_fetched_epoch", self.last_fetched_epoch, since(12));
            w.field("log_start_offset", self.log_start_offset, since(5));
            w.field("partition_max_bytes", self.partition_max_bytes);
            w.field("replica_directory_id", self.replica_directory_id, tagged(0) | since(17));
            w.field("high_watermark", self.high_watermark, tagged(1, INT64_MAX) | since(18));
        }

        friend bool operator==(const Partition&, const Partition&) = default;
    };

    struct Topic {
        std::string topic;
        Uuid topic_id;
        std::vector<Partition> partitions;

        static void walk(auto& self, auto& w) {
            w.field("topic", self.topic, until(12));
            w.field("topic_id", self.topic_id, since(13));
            w.array("partitions", self.partitions);
        }

        friend bool operator==(const Topic&, const Topic&) = default;
    };

    struct ForgottenTopic {
        std::string topic;
        Uuid topic_id;
        std::vector<PartitionIndex> partitions;

        static void walk(auto& self, auto& w) {
            w.field("topic", self.topic, since(7) | until(12));
            w.field("topic_id", self.topic_id, since(13));
            w.array("partitions", self.partitions, since(7));
        }

        friend bool operator==(const ForgottenTopic&, const ForgottenTopic&) = default;
    };

    std::optional<std::string> cluster_id;
    NodeId replica_id{-1};
    ReplicaState replica_state;
    std::int32_t max_wait_ms = 0;
    std::int32_t min_bytes = 0;
    std::int32_t max_bytes = INT32_MAX;
    IsolationLevel isolation_level = IsolationLevel::read_uncommitted;
    std::int32_t session_id = 0;
    std::int32_t session_epoch = -1;
    std::vector<Topic> topics;
    std::vector<ForgottenTopic> forgotten_topics_data;
    std::string rack_id;

    static void walk(auto& self, auto& w) {
        w.field("cluster_id", self.cluster_id, tagged(0) | since(12) | nullable());
        w.field("replica_id", self.replica_id, until(14));
        w.field("replica_state", self.replica_state, tagged(1) | since(15));
        w.field("max_wait_ms", self.max_wait_ms);
        w.field("min_bytes", self.min_bytes);
        w.field("max_bytes", self.max_bytes, since(3));
        w.field("isolation_level", self.isolation_level, since(4));
        w.field("session_id", self.session_id, since(7));
        w.field("session_epoch", self.session_epoch, since(7));
        w.array("topics", self.topics);
        w.array("forgotten_topics_data", self.forgotten_topics_data, since(7));
        w.field("rack_id", self.rack_id, since(11));
    }

    friend bool operator==(const FetchRequest&, const FetchRequest&) = default;
};

// records: whole batches, of which the last may be cut.
struct FetchResponse {
    static constexpr std::string_view message_name = "FetchResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::fetch;
    static constexpr VersionRange versions{4, 18};
    static constexpr Version flexible_from{12};

    struct EpochEndOffset {
        LeaderEpoch epoch{-1};
        Offset end_offset{-1};

        static void walk(auto& self, auto& w) {
            w.field("epoch", self.epoch, since(12));
            w.field("end_offset", self.end_offset, since(12));
        }

        friend bool operator==(const EpochEndOffset&, const EpochEndOffset&) = default;
    };

    struct CurrentLeader {
        NodeId leader_id{-1};
        LeaderEpoch leader_epoch{-1};

        static void walk(auto& self, auto& w) {
            w.field("leader_id", self.leader_id, since(12));
            w.field("leader_epoch", self.leader_epoch, since(12));
        }

        friend bool operator==(const CurrentLeader&, const CurrentLeader&) = default;
    };

    struct SnapshotId {
        Offset end_offset{-1};
        LeaderEpoch epoch{-1};

        static void walk(auto& self, auto& w) {
            w.field("end_offset", self.end_offset);
            w.field("epoch", self.epoch);
        }

        friend bool operator==(const SnapshotId&, const SnapshotId&) = default;
    };

    struct AbortedTransaction {
        ProducerId producer_id;
        Offset first_offset;

        static void walk(auto& self, auto& w) {
            w.field("producer_id", self.producer_id);
            w.field("first_offset", self.first_offset);
        }

        friend bool operator==(const AbortedTransaction&, const AbortedTransaction&) = default;
    };

    struct Partition {
        PartitionIndex partition_index;
        WireError error_code = WireError::none;
        Offset high_watermark;
        Offset last_stable_offset{-1};
        Offset log_start_offset{-1};
        EpochEndOffset diverging_epoch;
        CurrentLeader current_leader;
        SnapshotId snapshot_id;
        std::optional<std::vector<AbortedTransaction>> aborted_transactions;
        NodeId preferred_read_replica{-1};
        std::optional<Payload> records = Payload{};

        static void walk(auto& self, auto& w) {
            w.field("partition_index", self.partition_index);
            w.field("error_code", self.error_code);
            w.field("high_watermark", self.high_watermark);
            w.field("last_stable_offset", self.last_stable_offset, since(4));
            w.field("log_start_offset", self.log_start_offset, since(5));
            w.field("diverging_epoch", self.diverging_epoch, tagged(0) | since(12));
            w.field("current_leader", self.current_leader, tagged(1) | since(12));
            w.field("snapshot_id", self.snapshot_id, tagged(2) | since(12));
            w.array("aborted_transactions", self.aborted_transactions, since(4) | nullable());
            w.field("preferred_read_replica", self.preferred_read_replica, since(11));
            w.field("records", self.records, nullable());
        }

        friend bool operator==(const Partition&, const Partition&) = default;
    };

    struct Topic {
        std::string topic;
        Uuid topic_id;
        std::vector<Partition> partitions;

        static void walk(auto& self, auto& w) {
            w.field("topic", self.topic, until(12));
            w.field("topic_id", self.topic_id, since(13));
            w.array("partitions", self.partitions);
        }

        friend bool operator==(const Topic&, const Topic&) = default;
    };

    struct NodeEndpoint {
        NodeId node_id;
        std::string host;
        std::int32_t port = 0;
        std::optional<std::string> rack;

        static void walk(auto& self, auto& w) {
            w.field("node_id", self.node_id, since(16));
            w.field("host", self.host, since(16));
            w.field("port", self.port, since(16));
            w.field("rack", self.rack, since(16) | nullable());
        }

        friend bool operator==(const NodeEndpoint&, const NodeEndpoint&) = default;
    };

    std::int32_t throttle_time_ms = 0;
    WireError error_code = WireError::none;
    std::int32_t session_id = 0;
    std::vector<Topic> responses;
    std::vector<NodeEndpoint> node_endpoints;

    static void walk(auto& self, auto& w) {
        w.field("throttle_time_ms", self.throttle_time_ms, since(1));
        w.field("error_code", self.error_code, since(7));
        w.field("session_id", self.session_id, since(7));
        w.array("responses", self.responses);
        w.array("node_endpoints", self.node_endpoints, tagged(0) | since(16));
    }

    friend bool operator==(const FetchResponse&, const FetchResponse&) = default;
};

}  // namespace glasslog::protocol
