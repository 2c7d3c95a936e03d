#pragma once

// FetchSnapshot (API key 59): a piece of a snapshot of the metadata log (KIP-630).

#include "core/protocol/api.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/messages/endpoints.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// replica_id: who asks. position: of the first byte wanted.
struct FetchSnapshotRequest {
    static constexpr std::string_view message_name = "FetchSnapshotRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::fetch_snapshot;
    static constexpr VersionRange versions{0, 1};
    static constexpr Version flexible_from{0};

    struct SnapshotId {
        Offset end_offset;
        LeaderEpoch epoch;

        static void walk(auto& self, auto& w) {
            w.field("end_offset", self.end_offset);
            w.field("epoch", self.epoch);
        }

        friend bool operator==(const SnapshotId&, const SnapshotId&) = default;
    };

    struct Partition {
        PartitionIndex partition;
        LeaderEpoch current_leader_epoch;
        SnapshotId snapshot_id;
        std::int64_t position = 0;
        Uuid replica_directory_id;

        static void walk(auto& self, auto& w) {
            w.field("partition", self.partition);
            w.field("current_leader_epoch", self.current_leader_epoch);
            w.field("snapshot_id", self.snapshot_id);
            w.field("position", self.position);
            w.field("replica_directory_id", self.replica_directory_id, tagged(0) | since(1));
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

    std::optional<std::string> cluster_id;
    NodeId replica_id{-1};
    std::int32_t max_bytes = INT32_MAX;
    std::vector<Topic> topics;

    static void walk(auto& self, auto& w) {
        w.field("cluster_id", self.cluster_id, tagged(0) | nullable());
        w.field("replica_id", self.replica_id);
        w.field("max_bytes", self.max_bytes);
        w.array("topics", self.topics);
    }

    friend bool operator==(const FetchSnapshotRequest&, const FetchSnapshotRequest&) = default;
};

// size: of the whole snapshot. unaligned_records: its bytes from position on; a batch may be cut.
struct FetchSnapshotResponse {
    static constexpr std::string_view message_name = "FetchSnapshotResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::fetch_snapshot;
    static constexpr VersionRange versions{0, 1};
    static constexpr Version flexible_from{0};

    using NodeEndpoint = QuorumNodeEndpoint;

    struct SnapshotId {
        Offset end_offset;
        LeaderEpoch epoch;

        static void walk(auto& self, auto& w) {
            w.field("end_offset", self.end_offset);
            w.field("epoch", self.epoch);
        }

        friend bool operator==(const SnapshotId&, const SnapshotId&) = default;
    };

    struct CurrentLeader {
        NodeId leader_id;
        LeaderEpoch leader_epoch;

        static void walk(auto& self, auto& w) {
            w.field("leader_id", self.leader_id);
            w.field("leader_epoch", self.leader_epoch);
        }

        friend bool operator==(const CurrentLeader&, const CurrentLeader&) = default;
    };

    struct Partition {
        PartitionIndex index;
        WireError error_code = WireError::none;
        SnapshotId snapshot_id;
        CurrentLeader current_leader;
        std::int64_t size = 0;
        std::int64_t position = 0;
        Payload unaligned_records;

        static void walk(auto& self, auto& w) {
            w.field("index", self.index);
            w.field("error_code", self.error_code);
            w.field("snapshot_id", self.snapshot_id);
            w.field("current_leader", self.current_leader, tagged(0));
            w.field("size", self.size);
            w.field("position", self.position);
            w.field("unaligned_records", self.unaligned_records);
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
    WireError error_code = WireError::none;
    std::vector<Topic> topics;
    std::vector<NodeEndpoint> node_endpoints;

    static void walk(auto& self, auto& w) {
        w.field("throttle_time_ms", self.throttle_time_ms);
        w.field("error_code", self.error_code);
        w.array("topics", self.topics);
        w.array("node_endpoints", self.node_endpoints, tagged(0) | since(1));
    }

    friend bool operator==(const FetchSnapshotResponse&, const FetchSnapshotResponse&) = default;
};

}  // namespace glasslog::protocol
