#pragma once

// ListPartitionReassignments (API key 46): which partitions are on the move (KIP-455).

#include "core/protocol/api.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// topics: null asks for all.
struct ListPartitionReassignmentsRequest {
    static constexpr std::string_view message_name = "ListPartitionReassignmentsRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::list_partition_reassignments;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    struct Topic {
        std::string name;
        std::vector<PartitionIndex> partition_indexes;

        static void walk(auto& self, auto& w) {
            w.field("name", self.name);
            w.array("partition_indexes", self.partition_indexes);
        }

        friend bool operator==(const Topic&, const Topic&) = default;
    };

    std::int32_t timeout_ms = 60000;
    std::optional<std::vector<Topic>> topics;

    static void walk(auto& self, auto& w) {
        w.field("timeout_ms", self.timeout_ms);
        w.array("topics", self.topics, nullable());
    }

    friend bool operator==(const ListPartitionReassignmentsRequest&,
                           const ListPartitionReassignmentsRequest&) = default;
};

// Only partitions that are being reassigned.
struct ListPartitionReassignmentsResponse {
    static constexpr std::string_view message_name = "ListPartitionReassignmentsResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::list_partition_reassignments;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    struct Partition {
        PartitionIndex partition_index;
        std::vector<NodeId> replicas;
        std::vector<NodeId> adding_replicas;
        std::vector<NodeId> removing_replicas;

        static void walk(auto& self, auto& w) {
            w.field("partition_index", self.partition_index);
            w.array("replicas", self.replicas);
            w.array("adding_replicas", self.adding_replicas);
            w.array("removing_replicas", self.removing_replicas);
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
    std::optional<std::string> error_message;
    std::vector<Topic> topics;

    static void walk(auto& self, auto& w) {
        w.field("throttle_time_ms", self.throttle_time_ms);
        w.field("error_code", self.error_code);
        w.field("error_message", self.error_message, nullable());
        w.array("topics", self.topics);
    }

    friend bool operator==(const ListPartitionReassignmentsResponse&,
                           const ListPartitionReassignmentsResponse&) = default;
};

}  // namespace glasslog::protocol
