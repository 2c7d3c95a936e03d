#pragma once

// BrokerRegistration (API key 62): a broker joins the cluster (KIP-631).

#include "core/protocol/api.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/messages/endpoints.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// log_dirs: ids of the directories that work. previous_broker_epoch: of the registration before a
// clean shutdown, -1 when there was none (KIP-966).
struct BrokerRegistrationRequest {
    static constexpr std::string_view message_name = "BrokerRegistrationRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::broker_registration;
    static constexpr VersionRange versions{0, 4};
    static constexpr Version flexible_from{0};

    using Listener = RegisteredEndpoint;
    using Feature = RegisteredFeature;

    NodeId broker_id;
    std::string cluster_id;
    Uuid incarnation_id;
    std::vector<Listener> listeners;
    std::vector<Feature> features;
    std::optional<std::string> rack;
    bool is_migrating_zk_broker = false;
    std::vector<Uuid> log_dirs;
    BrokerEpoch previous_broker_epoch{-1};

    static void walk(auto& self, auto& w) {
        w.field("broker_id", self.broker_id);
        w.field("cluster_id", self.cluster_id);
        w.field("incarnation_id", self.incarnation_id);
        w.array("listeners", self.listeners);
        w.array("features", self.features);
        w.field("rack", self.rack, nullable());
        w.field("is_migrating_zk_broker", self.is_migrating_zk_broker, since(1));
        w.array("log_dirs", self.log_dirs, since(2));
        w.field("previous_broker_epoch", self.previous_broker_epoch, since(3));
    }

    friend bool operator==(const BrokerRegistrationRequest&,
                           const BrokerRegistrationRequest&) = default;
};

// broker_epoch: the offset of the registration record, -1 when it was refused.
struct BrokerRegistrationResponse {
    static constexpr std::string_view message_name = "BrokerRegistrationResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::broker_registration;
    static constexpr VersionRange versions{0, 4};
    static constexpr Version flexible_from{0};

    std::int32_t throttle_time_ms = 0;
    WireError error_code = WireError::none;
    BrokerEpoch broker_epoch{-1};

    static void walk(auto& self, auto& w) {
        w.field("throttle_time_ms", self.throttle_time_ms);
        w.field("error_code", self.error_code);
        w.field("broker_epoch", self.broker_epoch);
    }

    friend bool operator==(const BrokerRegistrationResponse&,
                           const BrokerRegistrationResponse&) = default;
};

}  // namespace glasslog::protocol
