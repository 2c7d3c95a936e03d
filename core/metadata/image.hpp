#pragma once

// Image: what the cluster is, at one offset of the metadata log. Immutable once published, shared
// between reactors as ImagePtr, and cheap to change: a new version shares every topic, broker and
// configuration that the change did not touch. Sources: KIP-500, KIP-631; docs/metadata.md.

#include "core/base/ids.hpp"
#include "core/base/uuid.hpp"
#include "core/metadata/persistent_map.hpp"
#include "core/metadata/security.hpp"
#include "core/protocol/config_enums.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace glasslog::metadata {

inline constexpr std::string_view metadata_topic = "__cluster_metadata";

// True for topics that clients may not write: __consumer_offsets, __transaction_state,
// __share_group_state.
bool is_internal_topic(std::string_view name);

struct ListenerEndpoint {
    std::string name;  // PLAINTEXT, …
    std::string host;
    std::uint16_t port = 0;
    std::int16_t security_protocol = 0;  // Kafka's number: 0 PLAINTEXT, 1 SSL, 2, 3 with SASL

    friend bool operator==(const ListenerEndpoint&, const ListenerEndpoint&) = default;
};

// Closed range of a feature's levels.
struct FeatureRange {
    std::int16_t first = 0;
    std::int16_t last = 0;

    friend bool operator==(const FeatureRange&, const FeatureRange&) = default;
};

struct Broker {
    NodeId id = no_node;
    BrokerEpoch epoch{-1};
    Uuid incarnation_id;
    std::vector<ListenerEndpoint> endpoints;
    std::map<std::string, FeatureRange> features;
    std::optional<std::string> rack;
    bool is_fenced = true;
    bool is_in_controlled_shutdown = false;
    std::vector<Uuid> log_directories;
    // Take no new replicas; empty: the broker did not say.
    std::optional<std::vector<Uuid>> cordoned_directories;

    const ListenerEndpoint* find_endpoint(std::string_view listener) const;

    friend bool operator==(const Broker&, const Broker&) = default;
};

// A node of the metadata quorum that may become the controller.
struct RegisteredController {
    Uuid incarnation_id;
    std::vector<ListenerEndpoint> endpoints;
    std::map<std::string, FeatureRange> features;

    friend bool operator==(const RegisteredController&, const RegisteredController&) = default;
};

struct PartitionState {
    std::vector<NodeId> replicas;  // the preferred leader first
    std::vector<Uuid> directories;
    std::vector<NodeId> isr;
    std::vector<NodeId> removing_replicas;
    std::vector<NodeId> adding_replicas;
    std::vector<NodeId> eligible_leader_replicas;
    std::vector<NodeId> last_known_elr;
    NodeId leader = no_node;
    std::int8_t leader_recovery_state = 0;  // 0 recovered, 1 recovering
    LeaderEpoch leader_epoch;
    std::int32_t partition_epoch = 0;  // +1 at every change

    friend bool operator==(const PartitionState&, const PartitionState&) = default;
};

struct Topic {
    std::string name;
    Uuid id;
    std::vector<PartitionState> partitions;  // by index

    const PartitionState* find(PartitionIndex index) const;
};

using protocol::ConfigResourceType;

// name: of the topic; of the broker its id, "" for all brokers of the cluster.
struct ConfigResource {
    ConfigResourceType type = ConfigResourceType::topic;
    std::string name;

    friend auto operator<=>(const ConfigResource&, const ConfigResource&) = default;
};

std::uint64_t treap_priority(const ConfigResource& resource);

using ConfigValues = std::map<std::string, std::string, std::less<>>;

using BrokerPtr = std::shared_ptr<const Broker>;
using TopicPtr = std::shared_ptr<const Topic>;
using ConfigValuesPtr = std::shared_ptr<const ConfigValues>;

struct Image {
    PersistentMap<NodeId, BrokerPtr> brokers;
    PersistentMap<std::string, TopicPtr> topics;
    PersistentMap<Uuid, TopicPtr> topics_by_id;
    PersistentMap<ConfigResource, ConfigValuesPtr> configs;
    Security security;
    std::map<std::string, std::int16_t> features;  // finalized levels; a level of 0 is absent
    std::map<NodeId, RegisteredController> controllers;
    ProducerId next_producer_id{0};       // first of the next block
    Offset offset = no_offset;            // of the last record that was applied
    LeaderEpoch epoch = no_leader_epoch;  // of that record's batch
    NodeId controller = no_node;          // that leads the metadata log

    // nullptr when absent; what is found lives as long as this image.
    const Topic* find_topic(std::string_view name) const;
    const Topic* find_topic(const Uuid& id) const;
    const PartitionState* find_partition(const Uuid& topic, PartitionIndex index) const;
    const Broker* find_broker(NodeId id) const;

    // Empty when nothing was set.
    const ConfigValues& configs_of(const ConfigResource& resource) const;
};

using ImagePtr = std::shared_ptr<const Image>;

}  // namespace glasslog::metadata
