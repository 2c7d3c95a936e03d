#pragma once

// AddRaftVoter (API key 80): a controller becomes a voter (KIP-853, KIP-1186).

#include "core/protocol/api.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/messages/endpoints.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// ack_when_committed: the answer waits until the new voters are committed; else only until they are
// appended.
struct AddRaftVoterRequest {
    static constexpr std::string_view message_name = "AddRaftVoterRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::add_raft_voter;
    static constexpr VersionRange versions{0, 1};
    static constexpr Version flexible_from{0};

    using Listener = VoterEndpoint;

    std::optional<std::string> cluster_id;
    std::int32_t timeout_ms = 0;
    NodeId voter_id;
    Uuid voter_directory_id;
    std::vector<Listener> listeners;
    bool ack_when_committed = true;

    static void walk(auto& self, auto& w) {
        w.field("cluster_id", self.cluster_id, nullable());
        w.field("timeout_ms", self.timeout_ms);
        w.field("voter_id", self.voter_id);
        w.field("voter_directory_id", self.voter_directory_id);
        w.array("listeners", self.listeners);
        w.field("ack_when_committed", self.ack_when_committed, since(1));
    }

    friend bool operator==(const AddRaftVoterRequest&, const AddRaftVoterRequest&) = default;
};

// One answer for the whole.
struct AddRaftVoterResponse {
    static constexpr std::string_view message_name = "AddRaftVoterResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::add_raft_voter;
    static constexpr VersionRange versions{0, 1};
    static constexpr Version flexible_from{0};

    std::int32_t throttle_time_ms = 0;
    WireError error_code = WireError::none;
    std::optional<std::string> error_message;

    static void walk(auto& self, auto& w) {
        w.field("throttle_time_ms", self.throttle_time_ms);
        w.field("error_code", self.error_code);
        w.field("error_message", self.error_message, nullable());
    }

    friend bool operator==(const AddRaftVoterResponse&, const AddRaftVoterResponse&) = default;
};

}  // namespace glasslog::protocol
