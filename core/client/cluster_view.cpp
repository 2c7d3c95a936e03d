#include "core/client/cluster_view.hpp"

#include <utility>

namespace glasslog::client {
namespace {

TopicView view_of(const protocol::MetadataResponse::Topic& topic, std::string name) {
    TopicView view;
    view.name = std::move(name);
    view.id = topic.topic_id;
    view.is_internal = topic.is_internal;
    view.error = topic.error_code;
    for (const auto& partition : topic.partitions) {
        view.partitions.insert_or_assign(partition.partition_index,
                                         PartitionView{.error = partition.error_code,
                                                       .leader = partition.leader_id,
                                                       .leader_epoch = partition.leader_epoch,
                                                       .replicas = partition.replica_nodes,
                                                       .isr = partition.isr_nodes});
    }
    return view;
}

// Leaders of `old_view` that are newer than what `view` says.
void keep_newer(const TopicView& old_view, TopicView& view) {
    if (old_view.id != view.id) return;
    for (auto& [index, partition] : view.partitions) {
        const auto known = old_view.partitions.find(index);
        if (known == old_view.partitions.end()) continue;
        if (known->second.leader_epoch > partition.leader_epoch) partition = known->second;
    }
}

}  // namespace

std::string TopicPartition::text() const {
    return fmt::format("{}-{}", topic, partition);
}

void ClusterView::apply(const protocol::MetadataResponse& response) {
    brokers_.clear();
    for (const auto& broker : response.brokers) {
        brokers_.insert_or_assign(
            broker.node_id,
            runtime::Endpoint{.host = broker.host,
                              .port = static_cast<std::uint16_t>(broker.port)});
    }
    cluster_id_ = response.cluster_id.value_or("");
    controller_ = response.controller_id;
    for (const auto& topic : response.topics) {
        if (!topic.name.has_value()) continue;
        TopicView view = view_of(topic, *topic.name);
        const auto known = topics_.find(*topic.name);
        if (known != topics_.end()) keep_newer(known->second, view);
        topics_.insert_or_assign(*topic.name, std::move(view));
    }
}

void ClusterView::forget(const std::string& topic) {
    topics_.erase(topic);
}

void ClusterView::forget_topics() {
    topics_.clear();
}

const TopicView* ClusterView::find_topic(std::string_view name) const {
    const auto found = topics_.find(name);
    return found == topics_.end() ? nullptr : &found->second;
}

const TopicView* ClusterView::find_topic(const Uuid& id) const {
    for (const auto& [name, topic] : topics_) {
        if (topic.id == id) return &topic;
    }
    return nullptr;
}

const PartitionView* ClusterView::find_partition(const TopicPartition& partition) const {
    const TopicView* const topic = find_topic(partition.topic);
    if (topic == nullptr) return nullptr;
    const auto found = topic->partitions.find(partition.partition);
    return found == topic->partitions.end() ? nullptr : &found->second;
}

std::optional<NodeId> ClusterView::leader_of(const TopicPartition& partition) const {
    const PartitionView* const found = find_partition(partition);
    if (found == nullptr || found->leader == no_node) return std::nullopt;
    if (!brokers_.contains(found->leader)) return std::nullopt;
    return found->leader;
}

const runtime::Endpoint* ClusterView::find_broker(NodeId node) const {
    const auto found = brokers_.find(node);
    return found == brokers_.end() ? nullptr : &found->second;
}

}  // namespace glasslog::client
