#pragma once

// AssignReplicasToDirs (API key 73): a broker tells which log directory holds which replica
// (KIP-858).

#include "core/protocol/api.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// Replicas by directory.
struct AssignReplicasToDirsRequest {
    static constexpr std::string_view message_name = "AssignReplicasToDirsRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::assign_replicas_to_dirs;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    struct Partition {
        PartitionIndex partition_index;

        static void walk(auto& self, auto& w) { w.field("partition_index", self.partition_index); }

        friend bool operator==(const Partition&, const Partition&) = default;
    };

    struct Topic {
        Uuid topic_id;
        std::vector<Partition> partitions;

        static void walk(auto& self, auto& w) {
            w.field("topic_id", self.topic_id);
            w.array("partitions", self.partitions);
        }

        friend bool operator==(const Topic&, const Topic&) = default;
    };

    struct Directory {
        Uuid id;
        std::vector<Topic> topics;

        static void walk(auto& self, auto& w) {
            w.field("id", self.id);
            w.array("topics", self.topics);
        }

        friend bool operator==(const Directory&, const Directory&) = default;
    };

    NodeId broker_id;
    BrokerEpoch broker_epoch{-1};
    std::vector<Directory> directories;

    static void walk(auto& self, auto& w) {
        w.field("broker_id", self.broker_id);
        w.field("broker_epoch", self.broker_epoch);
        w.array("directories", self.directories);
    }

    friend bool operator==(const AssignReplicasToDirsRequest&,
                           const AssignReplicasToDirsRequest&) = default;
};

// One result per replica.
struct AssignReplicasToDirsResponse {
    static constexpr std::string_view message_name = "AssignReplicasToDirsResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::assign_replicas_to_dirs;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    struct Partition {
        PartitionIndex partition_index;
        WireError error_code = WireError::none;

        static void walk(auto& self, auto& w) {
            w.field("partition_index", self.partition_index);
            w.field("error_code", self.error_code);
        }

        friend bool operator==(const Partition&, const Partition&) = default;
    };

    struct Topic {
        Uuid topic_id;
        std::vector<Partition> partitions;

        static void walk(auto& self, auto& w) {
            w.field("topic_id", self.topic_id);
            w.array("partitions", self.partitions);
        }

        friend bool operator==(const Topic&, const Topic&) = default;
    };

    struct Directory {
        Uuid id;
        std::vector<Topic> topics;

        static void walk(auto& self, auto& w) {
            w.field("id", self.id);
            w.array("topics", self.topics);
        }

        friend bool operator==(const Directory&, const Directory&) = default;
    };

    std::int32_t throttle_time_ms = 0;
    WireError error_code = WireError::none;
    std::vector<Directory> directories;

    static void walk(auto& self, auto& w) {
        w.field("throttle_time_ms", self.throttle_time_ms);
        w.field("error_code", self.error_code);
        w.array("directories", self.directories);
    }

    friend bool operator==(const AssignReplicasToDirsResponse&,
                           const AssignReplicasToDirsResponse&) = default;
};

}  // namespace glasslog::protocol
