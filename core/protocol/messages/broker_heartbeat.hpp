#pragma once

// BrokerHeartbeat (API key 63): a registered broker lives, and asks for a state (KIP-631).

#include "core/protocol/api.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// current_metadata_offset: the last metadata record that the broker has. cordoned_log_dirs: null
// when the broker does not say (KIP-1066).
struct BrokerHeartbeatRequest {
    static constexpr std::string_view message_name = "BrokerHeartbeatRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::broker_heartbeat;
    static constexpr VersionRange versions{0, 2};
    static constexpr Version flexible_from{0};

    NodeId broker_id;
    BrokerEpoch broker_epoch{-1};
    Offset current_metadata_offset;
    bool want_fence = false;
    bool want_shut_down = false;
    std::vector<Uuid> offline_log_dirs;
    std::optional<std::vector<Uuid>> cordoned_log_dirs;

    static void walk(auto& self, auto& w) {
        w.field("broker_id", self.broker_id);
        w.field("broker_epoch", self.broker_epoch);
        w.field("current_metadata_offset", self.current_metadata_offset);
        w.field("want_fence", self.want_fence);
        w.field("want_shut_down", self.want_shut_down);
        w.array("offline_log_dirs", self.offline_log_dirs, tagged(0) | since(1));
        w.array("cordoned_log_dirs", self.cordoned_log_dirs, tagged(1) | since(2) | nullable());
    }

    friend bool operator==(const BrokerHeartbeatRequest&, const BrokerHeartbeatRequest&) = default;
};

// What the controller holds of the broker.
struct BrokerHeartbeatResponse {
    static constexpr std::string_view message_name = "BrokerHeartbeatResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::broker_heartbeat;
    static constexpr VersionRange versions{0, 2};
    static constexpr Version flexible_from{0};

    std::int32_t throttle_time_ms = 0;
    WireError error_code = WireError::none;
    bool is_caught_up = false;
    bool is_fenced = true;
    bool should_shut_down = false;

    static void walk(auto& self, auto& w) {
        w.field("throttle_time_ms", self.throttle_time_ms);
        w.field("error_code", self.error_code);
        w.field("is_caught_up", self.is_caught_up);
        w.field("is_fenced", self.is_fenced);
        w.field("should_shut_down", self.should_shut_down);
    }

    friend bool operator==(const BrokerHeartbeatResponse&,
                           const BrokerHeartbeatResponse&) = default;
};

}  // namespace glasslog::protocol
