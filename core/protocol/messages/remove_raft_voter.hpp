#pragma once

// RemoveRaftVoter (API key 81): a voter of the quorum goes (KIP-853).

#include "core/protocol/api.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// Both ids must be those of the voter.
struct RemoveRaftVoterRequest {
    static constexpr std::string_view message_name = "RemoveRaftVoterRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::remove_raft_voter;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    std::optional<std::string> cluster_id;
    NodeId voter_id;
    Uuid voter_directory_id;

    static void walk(auto& self, auto& w) {
        w.field("cluster_id", self.cluster_id, nullable());
        w.field("voter_id", self.voter_id);
        w.field("voter_directory_id", self.voter_directory_id);
    }

    friend bool operator==(const RemoveRaftVoterRequest&, const RemoveRaftVoterRequest&) = default;
};

// One answer for the whole.
struct RemoveRaftVoterResponse {
    static constexpr std::string_view message_name = "RemoveRaftVoterResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::remove_raft_voter;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    std::int32_t throttle_time_ms = 0;
    WireError error_code = WireError::none;
    std::optional<std::string> error_message;

    static void walk(auto& self, auto& w) {
        w.field("throttle_time_ms", self.throttle_time_ms);
        w.field("error_code", self.error_code);
        w.field("error_message", self.error_message, nullable());
    }

    friend bool operator==(const RemoveRaftVoterResponse&,
                           const RemoveRaftVoterResponse&) = default;
};

}  // namespace glasslog::protocol
