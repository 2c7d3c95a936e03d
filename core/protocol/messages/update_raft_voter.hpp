#pragma once

// UpdateRaftVoter (API key 82): a voter tells the leader where it listens and which levels of
// kraft.version it supports (KIP-853).

#include "core/protocol/api.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/messages/endpoints.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// The voter speaks for itself.
struct UpdateRaftVoterRequest {
    static constexpr std::string_view message_name = "UpdateRaftVoterRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::update_raft_voter;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    using Listener = VoterEndpoint;

    std::optional<std::string> cluster_id;
    LeaderEpoch current_leader_epoch;
    NodeId voter_id;
    Uuid voter_directory_id;
    std::vector<Listener> listeners;
    KRaftVersionFeature kraft_version_feature;

    static void walk(auto& self, auto& w) {
        w.field("cluster_id", self.cluster_id, nullable());
        w.field("current_leader_epoch", self.current_leader_epoch);
        w.field("voter_id", self.voter_id);
        w.field("voter_directory_id", self.voter_directory_id);
        w.array("listeners", self.listeners);
        w.field("kraft_version_feature", self.kraft_version_feature);
    }

    friend bool operator==(const UpdateRaftVoterRequest&, const UpdateRaftVoterRequest&) = default;
};

// current_leader: told when the voter asked another node.
struct UpdateRaftVoterResponse {
    static constexpr std::string_view message_name = "UpdateRaftVoterResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::update_raft_voter;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    struct CurrentLeader {
        NodeId leader_id{-1};
        LeaderEpoch leader_epoch{-1};
        std::string host;
        std::int32_t port = 0;

        static void walk(auto& self, auto& w) {
            w.field("leader_id", self.leader_id);
            w.field("leader_epoch", self.leader_epoch);
            w.field("host", self.host);
            w.field("port", self.port);
        }

        friend bool operator==(const CurrentLeader&, const CurrentLeader&) = default;
    };

    std::int32_t throttle_time_ms = 0;
    WireError error_code = WireError::none;
    CurrentLeader current_leader;

    static void walk(auto& self, auto& w) {
        w.field("throttle_time_ms", self.throttle_time_ms);
        w.field("error_code", self.error_code);
        w.field("current_leader", self.current_leader, tagged(0));
    }

    friend bool operator==(const UpdateRaftVoterResponse&,
                           const UpdateRaftVoterResponse&) = default;
};

}  // namespace glasslog::protocol
