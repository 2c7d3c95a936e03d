#pragma once

// What Metadata said: brokers, topics, leaders. A value; Cluster keeps it fresh.

#include "core/base/ids.hpp"
#include "core/base/uuid.hpp"
#include "core/protocol/messages/metadata.hpp"
#include "core/runtime/transport.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace glasslog::client {

// A partition of a topic. Ordered by name, then index.
struct TopicPartition {
    std::string topic;
    PartitionIndex partition;

    std::string text() const;  // "orders-0"

    friend auto operator<=>(const TopicPartition&, const TopicPartition&) = default;
};

struct PartitionView {
    protocol::WireError error = protocol::WireError::none;
    NodeId leader = no_node;
    LeaderEpoch leader_epoch = no_leader_epoch;
    std::vector<NodeId> replicas;
    std::vector<NodeId> isr;
};

struct TopicView {
    std::string name;
    Uuid id;  // zero before Metadata 10
    bool is_internal = false;
    protocol::WireError error = protocol::WireError::none;
    std::map<PartitionIndex, PartitionView> partitions;
};

class ClusterView {
public:
    // Brokers are replaced; topics of the answer too. A partition whose leader epoch is older than
    // the one known is left alone (a lagging broker answered).
    void apply(const protocol::MetadataResponse& response);

    // As after a deletion.
    void forget(const std::string& topic);

    // Before an answer that names all topics there are.
    void forget_topics();

    const TopicView* find_topic(std::string_view name) const;
    const TopicView* find_topic(const Uuid& id) const;
    const PartitionView* find_partition(const TopicPartition& partition) const;

    // None when unknown or without a leader.
    std::optional<NodeId> leader_of(const TopicPartition& partition) const;
    const runtime::Endpoint* find_broker(NodeId node) const;

    const std::map<NodeId, runtime::Endpoint>& brokers() const { return brokers_; }

    const std::map<std::string, TopicView, std::less<>>& topics() const { return topics_; }

    const std::string& cluster_id() const { return cluster_id_; }

    NodeId controller() const { return controller_; }

private:
    std::map<NodeId, runtime::Endpoint> brokers_;
    std::map<std::string, TopicView, std::less<>> topics_;
    std::string cluster_id_;
    NodeId controller_ = no_node;
};

}  // namespace glasslog::client
