#pragma once

// BeginQuorumEpoch (API key 53): a new leader of the quorum tells the voters (KIP-595, KIP-853).

#include "core/protocol/api.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/messages/endpoints.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// voter_id, voter_directory_id: who is told.
struct BeginQuorumEpochRequest {
    static constexpr std::string_view message_name = "BeginQuorumEpochRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::begin_quorum_epoch;
    static constexpr VersionRange versions{0, 1};
    static constexpr Version flexible_from{1};

    using LeaderEndpoint = VoterEndpoint;

    struct Partition {
        PartitionIndex partition_index;
        Uuid voter_directory_id;
        NodeId leader_id;
        LeaderEpoch leader_epoch;

        static void walk(auto& self, auto& w) {
            w.field("partition_index", self.partition_index);
            w.field("voter_directory_id", self.voter_directory_id, since(1));
            w.field("leader_id", self.leader_id);
            w.field("leader_epoch", self.leader_epoch);
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

    std::optional<std::string> cluster_id;
    NodeId voter_id{-1};
    std::vector<Topic> topics;
    std::vector<LeaderEndpoint> leader_endpoints;

    static void walk(auto& self, auto& w) {
        w.field("cluster_id", self.cluster_id, nullable());
        w.field("voter_id", self.voter_id, since(1));
        w.array("topics", self.topics);
        w.array("leader_endpoints", self.leader_endpoints, since(1));
    }

    friend bool operator==(const BeginQuorumEpochRequest&,
                           const BeginQuorumEpochRequest&) = default;
};

// The leader and epoch that the voter knows.
struct BeginQuorumEpochResponse {
    static constexpr std::string_view message_name = "BeginQuorumEpochResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::begin_quorum_epoch;
    static constexpr VersionRange versions{0, 1};
    static constexpr Version flexible_from{1};

    using NodeEndpoint = QuorumNodeEndpoint;

    struct Partition {
        PartitionIndex partition_index;
        WireError error_code = WireError::none;
        NodeId leader_id;
        LeaderEpoch leader_epoch;

        static void walk(auto& self, auto& w) {
            w.field("partition_index", self.partition_index);
            w.field("error_code", self.error_code);
            w.field("leader_id", self.leader_id);
            w.field("leader_epoch", self.leader_epoch);
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

    WireError error_code = WireError::none;
    std::vector<Topic> topics;
    std::vector<NodeEndpoint> node_endpoints;

    static void walk(auto& self, auto& w) {
        w.field("error_code", self.error_code);
        w.array("topics", self.topics);
        w.array("node_endpoints", self.node_endpoints, tagged(0) | since(1));
    }

    friend bool operator==(const BeginQuorumEpochResponse&,
                           const BeginQuorumEpochResponse&) = default;
};

}  // namespace glasslog::protocol
