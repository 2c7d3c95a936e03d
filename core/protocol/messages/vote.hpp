#pragma once

// Vote (API key 52): a candidate of the quorum asks for a vote, or whether it would get one
// (KIP-595, KIP-853, KIP-996).

#include "core/protocol/api.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/messages/endpoints.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// voter_id, voter_directory_id: whom the candidate asks. replica_*: the candidate. pre_vote:
// nobody's epoch changes by the question. last_offset: the end of the candidate's log.
struct VoteRequest {
    static constexpr std::string_view message_name = "VoteRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::vote;
    static constexpr VersionRange versions{0, 2};
    static constexpr Version flexible_from{0};

    struct Partition {
        PartitionIndex partition_index;
        LeaderEpoch replica_epoch;
        NodeId replica_id;
        Uuid replica_directory_id;
        Uuid voter_directory_id;
        LeaderEpoch last_offset_epoch;
        Offset last_offset;
        bool pre_vote = false;

        static void walk(auto& self, auto& w) {
            w.field("partition_index", self.partition_index);
            w.field("replica_epoch", self.replica_epoch);
            w.field("replica_id", self.replica_id);
            w.field("replica_directory_id", self.replica_directory_id, since(1));
            w.field("voter_directory_id", self.voter_directory_id, since(1));
            w.field("last_offset_epoch", self.last_offset_epoch);
            w.field("last_offset", self.last_offset);
            w.field("pre_vote", self.pre_vote, since(2));
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

    static void walk(auto& self, auto& w) {
        w.field("cluster_id", self.cluster_id, nullable());
        w.field("voter_id", self.voter_id, since(1));
        w.array("topics", self.topics);
    }

    friend bool operator==(const VoteRequest&, const VoteRequest&) = default;
};

// leader_id -1: no leader is known in leader_epoch.
struct VoteResponse {
    static constexpr std::string_view message_name = "VoteResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::vote;
    static constexpr VersionRange versions{0, 2};
    static constexpr Version flexible_from{0};

    using NodeEndpoint = QuorumNodeEndpoint;

    struct Partition {
        PartitionIndex partition_index;
        WireError error_code = WireError::none;
        NodeId leader_id;
        LeaderEpoch leader_epoch;
        bool vote_granted = false;

        static void walk(auto& self, auto& w) {
            w.field("partition_index", self.partition_index);
            w.field("error_code", self.error_code);
            w.field("leader_id", self.leader_id);
            w.field("leader_epoch", self.leader_epoch);
            w.field("vote_granted", self.vote_granted);
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

    friend bool operator==(const VoteResponse&, const VoteResponse&) = default;
};

}  // namespace glasslog::protocol
