#pragma once

// AlterPartitionReassignments (API key 45): move partitions to other brokers (KIP-455).

#include "core/protocol/api.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// replicas: null cancels the reassignment that is going on.
struct AlterPartitionReassignmentsRequest {
    static constexpr std::string_view message_name = "AlterPartitionReassignmentsRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::alter_partition_reassignments;
    static constexpr VersionRange versions{0, 1};
    static constexpr Version flexible_from{0};

    struct Partition {
        PartitionIndex partition_index;
        std::optional<std::vector<NodeId>> replicas;

        static void walk(auto& self, auto& w) {
            w.field("partition_index", self.partition_index);
            w.array("replicas", self.replicas, nullable());
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

    std::int32_t timeout_ms = 60000;
    bool allow_replication_factor_change = true;
    std::vector<Topic> topics;

    static void walk(auto& self, auto& w) {
        w.field("timeout_ms", self.timeout_ms);
        w.field("allow_replication_factor_change", self.allow_replication_factor_change, since(1));
        w.array("topics", self.topics);
    }

    friend bool operator==(const AlterPartitionReassignmentsRequest&,
                           const AlterPartitionReassignmentsRequest&) = default;
};

// One result per partition.
struct AlterPartitionReassignmentsResponse {
    static constexpr std::string_view message_name = "AlterPartitionReassignmentsResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::alter_partition_reassignments;
    static constexpr VersionRange versions{0, 1};
    static constexpr Version flexible_from{0};

    struct Partition {
        PartitionIndex partition_index;
        WireError error_code = WireError::none;
        std::optional<std::string> error_message;

        static void walk(auto& self, auto& w) {
            w.field("partition_index", self.partition_index);
            w.field("error_code", self.error_code);
            w.field("error_message", self.error_message, nullable());
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
    bool allow_replication_factor_change = true;
    WireError error_code = WireError::none;
    std::optional<std::string> error_message;
    std::vector<Topic> responses;

    static void walk(auto& self, auto& w) {
        w.field("throttle_time_ms", self.throttle_time_ms);
        w.field("allow_replication_factor_change", self.allow_replication_factor_change, since(1));
        w.field("error_code", self.error_code);
        w.field("error_message", self.error_message, nullable());
        w.array("responses", self.responses);
    }

    friend bool operator==(const AlterPartitionReassignmentsResponse&,
                           const AlterPartitionReassignmentsResponse&) = default;
};

}  // namespace glasslog::protocol
