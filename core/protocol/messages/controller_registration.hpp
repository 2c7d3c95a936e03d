#pragma once

// ControllerRegistration (API key 70): a controller tells where it listens (KIP-919).

#include "core/protocol/api.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/messages/endpoints.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// zk_migration_ready: always false in 4.x.
struct ControllerRegistrationRequest {
    static constexpr std::string_view message_name = "ControllerRegistrationRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::controller_registration;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    using Listener = RegisteredEndpoint;
    using Feature = RegisteredFeature;

    NodeId controller_id;
    Uuid incarnation_id;
    bool zk_migration_ready = false;
    std::vector<Listener> listeners;
    std::vector<Feature> features;

    static void walk(auto& self, auto& w) {
        w.field("controller_id", self.controller_id);
        w.field("incarnation_id", self.incarnation_id);
        w.field("zk_migration_ready", self.zk_migration_ready);
        w.array("listeners", self.listeners);
        w.array("features", self.features);
    }

    friend bool operator==(const ControllerRegistrationRequest&,
                           const ControllerRegistrationRequest&) = default;
};

// One answer for the whole.
struct ControllerRegistrationResponse {
    static constexpr std::string_view message_name = "ControllerRegistrationResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::controller_registration;
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

    friend bool operator==(const ControllerRegistrationResponse&,
                           const ControllerRegistrationResponse&) = default;
};

}  // namespace glasslog::protocol
