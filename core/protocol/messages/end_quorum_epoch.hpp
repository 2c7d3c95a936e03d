#pragma once

// EndQuorumEpoch (API key 54): a leader of the quorum resigns (KIP-595, KIP-853).

#include "core/protocol/api.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/messages/endpoints.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// preferred_successors, preferred_candidates: the voters by how much of the log they have, most
// first.
struct EndQuorumEpochRequest {
    static constexpr std::string_view message_name = "EndQuorumEpochRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::end_quorum_epoch;
    static constexpr VersionRange versions{0, 1};
    static constexpr Version flexible_from{1};

    using LeaderEndpoint = VoterEndpoint;

    struct Candidate {
        NodeId candidate_id;
        Uuid candidate_directory_id;

        static void walk(auto& self, auto& w) {
            w.field("candidate_id", self.candidate_id);
            w.field("candidate_directory_id", self.candidate_directory_id);
        }

        friend bool operator==(const Candidate&, const Candidate&) = default;
    };

    struct Partition {
        PartitionIndex partition_index;
        NodeId leader_id;
        LeaderEpoch leader_epoch;
        std::vector<NodeId> preferred_successors;
        std::vector<Candidate> preferred_candidates;

        static void walk(auto& self, auto& w) {
            w.field("partition_index", self.partition_index);
            w.field("leader_id", self.leader_id);
            w.field("leader_epoch", self.leader_epoch);
            w.array("preferred_successors", self.preferred_successors, until(0));
            w.array("preferred_candidates", self.preferred_candidates, since(1));
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
    std::vector<Topic> topics;
    std::vector<LeaderEndpoint> leader_endpoints;

    static void walk(auto& self, auto& w) {
        w.field("cluster_id", self.cluster_id, nullable());
        w.array("topics", self.topics);
        w.array("leader_endpoints", self.leader_endpoints, since(1));
    }

    friend bool operator==(const EndQuorumEpochRequest&, const EndQuorumEpochRequest&) = default;
};

// The leader and epoch that the voter knows.
struct EndQuorumEpochResponse {
    static constexpr std::string_view message_name = "EndQuorumEpochResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::end_quorum_epoch;
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

    friend bool operator==(const EndQuorumEpochResponse&, const EndQuorumEpochResponse&) = default;
};

}  // namespace glasslog::protocol
