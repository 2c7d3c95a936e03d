#pragma once

// Records of __cluster_metadata (KIP-631) that every cluster has: brokers, topics, partitions,
// configs, features. How they are framed in the value of a log record is in
// core/protocol/metadata_record.hpp.

#include "core/protocol/config_enums.hpp"
#include "core/protocol/messages/endpoints.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// A broker's incarnation joins; its epoch is the offset of this record.
struct RegisterBrokerRecord {
    static constexpr std::string_view message_name = "RegisterBrokerRecord";
    static constexpr MessageKind kind = MessageKind::metadata;
    static constexpr std::int16_t key = 0;
    static constexpr VersionRange versions{0, 4};
    static constexpr Version flexible_from{0};

    using Endpoint = RegisteredEndpoint;
    using Feature = RegisteredFeature;

    NodeId broker_id;
    bool is_migrating_zk_broker = false;
    Uuid incarnation_id;
    BrokerEpoch broker_epoch;
    std::vector<Endpoint> endpoints;
    std::vector<Feature> features;
    std::optional<std::string> rack;
    bool fenced = true;
    bool in_controlled_shutdown = false;
    std::vector<Uuid> log_dirs;
    std::optional<std::vector<Uuid>> cordoned_log_dirs;

    static void walk(auto& self, auto& w) {
        w.field("broker_id", self.broker_id);
        w.field("is_migrating_zk_broker", self.is_migrating_zk_broker, since(2));
        w.field("incarnation_id", self.incarnation_id);
        w.field("broker_epoch", self.broker_epoch);
        w.array("endpoints", self.endpoints);
        w.array("features", self.features);
        w.field("rack", self.rack, nullable());
        w.field("fenced", self.fenced);
        w.field("in_controlled_shutdown", self.in_controlled_shutdown, since(1));
        w.array("log_dirs", self.log_dirs, tagged(0) | since(3));
        w.array("cordoned_log_dirs", self.cordoned_log_dirs, tagged(1) | since(4) | nullable());
    }

    friend bool operator==(const RegisterBrokerRecord&, const RegisterBrokerRecord&) = default;
};

// A topic comes into being; its partitions follow.
struct TopicRecord {
    static constexpr std::string_view message_name = "TopicRecord";
    static constexpr MessageKind kind = MessageKind::metadata;
    static constexpr std::int16_t key = 2;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    std::string name;
    Uuid topic_id;

    static void walk(auto& self, auto& w) {
        w.field("name", self.name);
        w.field("topic_id", self.topic_id);
    }

    friend bool operator==(const TopicRecord&, const TopicRecord&) = default;
};

// A partition comes into being.
struct PartitionRecord {
    static constexpr std::string_view message_name = "PartitionRecord";
    static constexpr MessageKind kind = MessageKind::metadata;
    static constexpr std::int16_t key = 3;
    static constexpr VersionRange versions{0, 2};
    static constexpr Version flexible_from{0};

    PartitionIndex partition_id{-1};
    Uuid topic_id;
    std::vector<NodeId> replicas;
    std::vector<NodeId> isr;
    std::vector<NodeId> removing_replicas;
    std::vector<NodeId> adding_replicas;
    NodeId leader{-1};
    std::int8_t leader_recovery_state = 0;
    LeaderEpoch leader_epoch{-1};
    std::int32_t partition_epoch = -1;
    std::vector<Uuid> directories;
    std::optional<std::vector<NodeId>> eligible_leader_replicas;
    std::optional<std::vector<NodeId>> last_known_elr;

    static void walk(auto& self, auto& w) {
        w.field("partition_id", self.partition_id);
        w.field("topic_id", self.topic_id);
        w.array("replicas", self.replicas);
        w.array("isr", self.isr);
        w.array("removing_replicas", self.removing_replicas);
        w.array("adding_replicas", self.adding_replicas);
        w.field("leader", self.leader);
        w.field("leader_recovery_state", self.leader_recovery_state, tagged(0));
        w.field("leader_epoch", self.leader_epoch);
        w.field("partition_epoch", self.partition_epoch);
        w.array("directories", self.directories, since(1));
        w.array("eligible_leader_replicas",
                self.eligible_leader_replicas,
                tagged(1) | since(2) | nullable());
        w.array("last_known_elr", self.last_known_elr, tagged(2) | since(2) | nullable());
    }

    friend bool operator==(const PartitionRecord&, const PartitionRecord&) = default;
};

// A config override is set, or removed by a null value.
struct ConfigRecord {
    static constexpr std::string_view message_name = "ConfigRecord";
    static constexpr MessageKind kind = MessageKind::metadata;
    static constexpr std::int16_t key = 4;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    ConfigResourceType resource_type = ConfigResourceType::unknown;
    std::string resource_name;
    std::string name;
    std::optional<std::string> value;

    static void walk(auto& self, auto& w) {
        w.field("resource_type", self.resource_type);
        w.field("resource_name", self.resource_name);
        w.field("name", self.name);
        w.field("value", self.value, nullable());
    }

    friend bool operator==(const ConfigRecord&, const ConfigRecord&) = default;
};

// Fields of a partition change; what is absent stays. leader -2: unchanged, -1: none.
struct PartitionChangeRecord {
    static constexpr std::string_view message_name = "PartitionChangeRecord";
    static constexpr MessageKind kind = MessageKind::metadata;
    static constexpr std::int16_t key = 5;
    static constexpr VersionRange versions{0, 2};
    static constexpr Version flexible_from{0};

    PartitionIndex partition_id{-1};
    Uuid topic_id;
    std::optional<std::vector<NodeId>> isr;
    NodeId leader{-2};
    std::optional<std::vector<NodeId>> replicas;
    std::optional<std::vector<NodeId>> removing_replicas;
    std::optional<std::vector<NodeId>> adding_replicas;
    std::int8_t leader_recovery_state = -1;
    std::optional<std::vector<Uuid>> directories;
    std::optional<std::vector<NodeId>> eligible_leader_replicas;
    std::optional<std::vector<NodeId>> last_known_elr;

    static void walk(auto& self, auto& w) {
        w.field("partition_id", self.partition_id);
        w.field("topic_id", self.topic_id);
        w.array("isr", self.isr, tagged(0) | nullable());
        w.field("leader", self.leader, tagged(1, -2));
        w.array("replicas", self.replicas, tagged(2) | nullable());
        w.array("removing_replicas", self.removing_replicas, tagged(3) | nullable());
        w.array("adding_replicas", self.adding_replicas, tagged(4) | nullable());
        w.field("leader_recovery_state", self.leader_recovery_state, tagged(5, -1));
        w.array("directories", self.directories, tagged(8) | since(1) | nullable());
        w.array("eligible_leader_replicas",
                self.eligible_leader_replicas,
                tagged(6) | since(2) | nullable());
        w.array("last_known_elr", self.last_known_elr, tagged(7) | since(2) | nullable());
    }

    friend bool operator==(const PartitionChangeRecord&, const PartitionChangeRecord&) = default;
};

// A topic goes with all its partitions.
struct RemoveTopicRecord {
    static constexpr std::string_view message_name = "RemoveTopicRecord";
    static constexpr MessageKind kind = MessageKind::metadata;
    static constexpr std::int16_t key = 9;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    Uuid topic_id;

    static void walk(auto& self, auto& w) { w.field("topic_id", self.topic_id); }

    friend bool operator==(const RemoveTopicRecord&, const RemoveTopicRecord&) = default;
};

// A feature is finalized at a level.
struct FeatureLevelRecord {
    static constexpr std::string_view message_name = "FeatureLevelRecord";
    static constexpr MessageKind kind = MessageKind::metadata;
    static constexpr std::int16_t key = 12;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    std::string name;
    std::int16_t feature_level = 0;

    static void walk(auto& self, auto& w) {
        w.field("name", self.name);
        w.field("feature_level", self.feature_level);
    }

    friend bool operator==(const FeatureLevelRecord&, const FeatureLevelRecord&) = default;
};

// Producer ids below next_producer_id are handed out, the last block to broker_id.
struct ProducerIdsRecord {
    static constexpr std::string_view message_name = "ProducerIdsRecord";
    static constexpr MessageKind kind = MessageKind::metadata;
    static constexpr std::int16_t key = 15;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    NodeId broker_id;
    BrokerEpoch broker_epoch{-1};
    ProducerId next_producer_id;

    static void walk(auto& self, auto& w) {
        w.field("broker_id", self.broker_id);
        w.field("broker_epoch", self.broker_epoch);
        w.field("next_producer_id", self.next_producer_id);
    }

    friend bool operator==(const ProducerIdsRecord&, const ProducerIdsRecord&) = default;
};

// Flags of a registered broker change. fenced, in_controlled_shutdown: -1 no longer, 0 unchanged, 1
// now.
struct BrokerRegistrationChangeRecord {
    static constexpr std::string_view message_name = "BrokerRegistrationChangeRecord";
    static constexpr MessageKind kind = MessageKind::metadata;
    static constexpr std::int16_t key = 17;
    static constexpr VersionRange versions{0, 3};
    static constexpr Version flexible_from{0};

    NodeId broker_id;
    BrokerEpoch broker_epoch;
    std::int8_t fenced = 0;
    std::int8_t in_controlled_shutdown = 0;
    std::vector<Uuid> log_dirs;
    std::optional<std::vector<Uuid>> cordoned_log_dirs;

    static void walk(auto& self, auto& w) {
        w.field("broker_id", self.broker_id);
        w.field("broker_epoch", self.broker_epoch);
        w.field("fenced", self.fenced, tagged(0));
        w.field("in_controlled_shutdown", self.in_controlled_shutdown, tagged(1) | since(1));
        w.array("log_dirs", self.log_dirs, tagged(2) | since(2));
        w.array("cordoned_log_dirs", self.cordoned_log_dirs, tagged(3) | since(3) | nullable());
    }

    friend bool operator==(const BrokerRegistrationChangeRecord&,
                           const BrokerRegistrationChangeRecord&) = default;
};

// Eligible leader replicas are forgotten, of one topic or, when the name is empty, of all
// (KIP-966).
struct ClearElrRecord {
    static constexpr std::string_view message_name = "ClearElrRecord";
    static constexpr MessageKind kind = MessageKind::metadata;
    static constexpr std::int16_t key = 28;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    std::string topic_name;

    static void walk(auto& self, auto& w) { w.field("topic_name", self.topic_name); }

    friend bool operator==(const ClearElrRecord&, const ClearElrRecord&) = default;
};

// Nothing; shows that the log moves.
struct NoOpRecord {
    static constexpr std::string_view message_name = "NoOpRecord";
    static constexpr MessageKind kind = MessageKind::metadata;
    static constexpr std::int16_t key = 20;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    static void walk(auto& /*self*/, auto& /*w*/) {}

    friend bool operator==(const NoOpRecord&, const NoOpRecord&) = default;
};

}  // namespace glasslog::protocol
