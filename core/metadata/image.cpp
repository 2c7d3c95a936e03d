#include "core/metadata/image.hpp"

#include <algorithm>

namespace glasslog::metadata {

bool is_internal_topic(std::string_view name) {
    return name == "__consumer_offsets" || name == "__transaction_state" ||
           name == "__share_group_state";
}

const ListenerEndpoint* Broker::find_endpoint(std::string_view listener) const {
    const auto at = std::find_if(endpoints.begin(), endpoints.end(), [&](const auto& endpoint) {
        return endpoint.name == listener;
    });
    return at == endpoints.end() ? nullptr : &*at;
}

const PartitionState* Topic::find(PartitionIndex index) const {
    if (index.value() < 0) return nullptr;
    const auto at = static_cast<std::size_t>(index.value());
    return at < partitions.size() ? &partitions[at] : nullptr;
}

std::uint64_t treap_priority(const ConfigResource& resource) {
    return StableHash()
        .add(static_cast<std::uint64_t>(resource.type))
        .add(std::string_view(resource.name))
        .value();
}

const Topic* Image::find_topic(std::string_view name) const {
    const TopicPtr* found = topics.find(name);
    return found == nullptr ? nullptr : found->get();
}

const Topic* Image::find_topic(const Uuid& id) const {
    const TopicPtr* found = topics_by_id.find(id);
    return found == nullptr ? nullptr : found->get();
}

const PartitionState* Image::find_partition(const Uuid& topic, PartitionIndex index) const {
    const Topic* found = find_topic(topic);
    return found == nullptr ? nullptr : found->find(index);
}

const Broker* Image::find_broker(NodeId id) const {
    const BrokerPtr* found = brokers.find(id);
    return found == nullptr ? nullptr : found->get();
}

const ConfigValues& Image::configs_of(const ConfigResource& resource) const {
    static const ConfigValues nothing;
    const ConfigValuesPtr* found = configs.find(resource);
    return found == nullptr ? nothing : **found;
}

}  // namespace glasslog::metadata
