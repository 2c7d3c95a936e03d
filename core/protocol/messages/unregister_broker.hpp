#pragma once

// UnregisterBroker (API key 64): forget a broker.

#include "core/protocol/api.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// The broker is not asked, and should be gone.
struct UnregisterBrokerRequest {
    static constexpr std::string_view message_name = "UnregisterBrokerRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::unregister_broker;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    NodeId broker_id;

    static void walk(auto& self, auto& w) { w.field("broker_id", self.broker_id); }

    friend bool operator==(const UnregisterBrokerRequest&,
                           const UnregisterBrokerRequest&) = default;
};

// One answer for the whole.
struct UnregisterBrokerResponse {
    static constexpr std::string_view message_name = "UnregisterBrokerResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::unregister_broker;
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

    friend bool operator==(const UnregisterBrokerResponse&,
                           const UnregisterBrokerResponse&) = default;
};

}  // namespace glasslog::protocol
