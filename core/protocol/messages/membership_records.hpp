#pragma once

// Records of __cluster_metadata (KIP-631) about nodes that come, go and are fenced, beside those of
// metadata_records.hpp.

#include "core/protocol/messages/endpoints.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// A broker's registration goes.
struct UnregisterBrokerRecord {
    static constexpr std::string_view message_name = "UnregisterBrokerRecord";
    static constexpr MessageKind kind = MessageKind::metadata;
    static constexpr std::int16_t key = 1;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    NodeId broker_id;
    BrokerEpoch broker_epoch;

    static void walk(auto& self, auto& w) {
        w.field("broker_id", self.broker_id);
        w.field("broker_epoch", self.broker_epoch);
    }

    friend bool operator==(const UnregisterBrokerRecord&, const UnregisterBrokerRecord&) = default;
};

// A broker is fenced. Old logs only: BrokerRegistrationChangeRecord says it now.
struct FenceBrokerRecord {
    static constexpr std::string_view message_name = "FenceBrokerRecord";
    static constexpr MessageKind kind = MessageKind::metadata;
    static constexpr std::int16_t key = 7;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    NodeId id;
    BrokerEpoch epoch;

    static void walk(auto& self, auto& w) {
        w.field("id", self.id);
        w.field("epoch", self.epoch);
    }

    friend bool operator==(const FenceBrokerRecord&, const FenceBrokerRecord&) = default;
};

// A broker is fenced no longer. Old logs only, too.
struct UnfenceBrokerRecord {
    static constexpr std::string_view message_name = "UnfenceBrokerRecord";
    static constexpr MessageKind kind = MessageKind::metadata;
    static constexpr std::int16_t key = 8;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    NodeId id;
    BrokerEpoch epoch;

    static void walk(auto& self, auto& w) {
        w.field("id", self.id);
        w.field("epoch", self.epoch);
    }

    friend bool operator==(const UnfenceBrokerRecord&, const UnfenceBrokerRecord&) = default;
};

// A controller's incarnation joins (KIP-919).
struct RegisterControllerRecord {
    static constexpr std::string_view message_name = "RegisterControllerRecord";
    static constexpr MessageKind kind = MessageKind::metadata;
    static constexpr std::int16_t key = 27;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    using Endpoint = RegisteredEndpoint;
    using Feature = RegisteredFeature;

    NodeId controller_id;
    Uuid incarnation_id;
    bool zk_migration_ready = false;
    std::vector<Endpoint> endpoints;
    std::vector<Feature> features;

    static void walk(auto& self, auto& w) {
        w.field("controller_id", self.controller_id);
        w.field("incarnation_id", self.incarnation_id);
        w.field("zk_migration_ready", self.zk_migration_ready);
        w.array("endpoints", self.endpoints);
        w.array("features", self.features);
    }

    friend bool operator==(const RegisterControllerRecord&,
                           const RegisterControllerRecord&) = default;
};

}  // namespace glasslog::protocol
