#pragma once

// ElectLeaders (API key 43): choose partition leaders anew (KIP-460).

#include "core/protocol/api.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// How a leader is chosen. Others may come from a peer.
enum class ElectionType : std::int8_t {
    preferred = 0,  // the first replica, when it is in the ISR
    unclean = 1,    // any live replica, when the partition has no leader
};

// topic_partitions: null asks for all partitions.
struct ElectLeadersRequest {
    static constexpr std::string_view message_name = "ElectLeadersRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::elect_leaders;
    static constexpr VersionRange versions{0, 2};
    static constexpr Version flexible_from{2};

    struct Topic {
        std::string topic;
        std::vector<PartitionIndex> partitions;

        static void walk(auto& self, auto& w) {
            w.field("topic", self.topic);
            w.array("partitions", self.partitions);
        }

        friend bool operator==(const Topic&, const Topic&) = default;
    };

    ElectionType election_type = ElectionType::preferred;
    std::optional<std::vector<Topic>> topic_partitions;
    std::int32_t timeout_ms = 60000;

    static void walk(auto& self, auto& w) {
        w.field("election_type", self.election_type, since(1));
        w.array("topic_partitions", self.topic_partitions, nullable());
        w.field("timeout_ms", self.timeout_ms);
    }

    friend bool operator==(const ElectLeadersRequest&, const ElectLeadersRequest&) = default;
};

// When all partitions were asked for, those that need no election are left out.
struct ElectLeadersResponse {
    static constexpr std::string_view message_name = "ElectLeadersResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::elect_leaders;
    static constexpr VersionRange versions{0, 2};
    static constexpr Version flexible_from{2};

    struct Partition {
        PartitionIndex partition_id;
        WireError error_code = WireError::none;
        std::optional<std::string> error_message;

        static void walk(auto& self, auto& w) {
            w.field("partition_id", self.partition_id);
            w.field("error_code", self.error_code);
            w.field("error_message", self.error_message, nullable());
        }

        friend bool operator==(const Partition&, const Partition&) = default;
    };

    struct Topic {
        std::string topic;
        std::vector<Partition> partition_result;

        static void walk(auto& self, auto& w) {
            w.field("topic", self.topic);
            w.array("partition_result", self.partition_result);
        }

        friend bool operator==(const Topic&, const Topic&) = default;
    };

    std::int32_t throttle_time_ms = 0;
    WireError error_code = WireError::none;
    std::vector<Topic> replica_election_results;

    static void walk(auto& self, auto& w) {
        w.field("throttle_time_ms", self.throttle_time_ms);
        w.field("error_code", self.error_code, since(1));
        w.array("replica_election_results", self.replica_election_results);
    }

    friend bool operator==(const ElectLeadersResponse&, const ElectLeadersResponse&) = default;
};

}  // namespace glasslog::protocol
