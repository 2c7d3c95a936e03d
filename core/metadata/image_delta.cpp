#include "core/metadata/image_delta.hpp"

#include "core/metadata/partition_change.hpp"

#include <algorithm>
#include <variant>

namespace glasslog::metadata {

namespace {

// More partitions than any cluster has: a bound on what a broken record can make us allocate.
constexpr std::int32_t partitions_per_topic_max = 1'000'000;

}  // namespace

void ImageDelta::apply(const Record& record) {
    std::visit([this](const auto& one) { apply_one(one); }, record);
}

Image ImageDelta::finish() {
    for (auto& [id, topic] : edited_) {
        const TopicPtr done = std::move(topic);
        image_.topics = image_.topics.with(done->name, done);
        image_.topics_by_id = image_.topics_by_id.with(id, done);
    }
    edited_.clear();
    return std::move(image_);
}

Topic* ImageDelta::edit(const Uuid& id) {
    if (const auto at = edited_.find(id); at != edited_.end()) return at->second.get();
    const Topic* found = image_.find_topic(id);
    if (found == nullptr) return nullptr;
    return edited_.emplace(id, std::make_shared<Topic>(*found)).first->second.get();
}

std::shared_ptr<Broker> ImageDelta::edit(NodeId id, BrokerEpoch epoch) const {
    const Broker* before = image_.find_broker(id);
    if (before == nullptr || before->epoch != epoch) return nullptr;
    return std::make_shared<Broker>(*before);
}

void ImageDelta::apply_one(const protocol::RegisterBrokerRecord& record) {
    auto broker = std::make_shared<Broker>();
    broker->id = record.broker_id;
    broker->epoch = record.broker_epoch;
    broker->incarnation_id = record.incarnation_id;
    for (const auto& endpoint : record.endpoints) {
        broker->endpoints.push_back(
            {endpoint.name, endpoint.host, endpoint.port, endpoint.security_protocol});
    }
    for (const auto& feature : record.features) {
        broker->features[feature.name] = {feature.min_supported_version,
                                          feature.max_supported_version};
    }
    broker->rack = record.rack;
    broker->is_fenced = record.fenced;
    broker->is_in_controlled_shutdown = record.in_controlled_shutdown;
    broker->log_directories = record.log_dirs;
    broker->cordoned_directories = record.cordoned_log_dirs;
    image_.brokers = image_.brokers.with(record.broker_id, std::move(broker));
}

void ImageDelta::apply_one(const protocol::BrokerRegistrationChangeRecord& record) {
    const std::shared_ptr<Broker> broker = edit(record.broker_id, record.broker_epoch);
    if (broker == nullptr) return;
    if (record.fenced != 0) broker->is_fenced = record.fenced > 0;
    if (record.in_controlled_shutdown != 0) {
        broker->is_in_controlled_shutdown = record.in_controlled_shutdown > 0;
    }
    if (!record.log_dirs.empty()) broker->log_directories = record.log_dirs;
    if (record.cordoned_log_dirs) broker->cordoned_directories = record.cordoned_log_dirs;
    image_.brokers = image_.brokers.with(record.broker_id, broker);
}

void ImageDelta::apply_one(const protocol::UnregisterBrokerRecord& record) {
    if (edit(record.broker_id, record.broker_epoch) == nullptr) return;
    image_.brokers = image_.brokers.without(record.broker_id);
}

void ImageDelta::apply_one(const protocol::FenceBrokerRecord& record) {
    const std::shared_ptr<Broker> broker = edit(record.id, record.epoch);
    if (broker == nullptr) return;
    broker->is_fenced = true;
    image_.brokers = image_.brokers.with(record.id, broker);
}

void ImageDelta::apply_one(const protocol::UnfenceBrokerRecord& record) {
    const std::shared_ptr<Broker> broker = edit(record.id, record.epoch);
    if (broker == nullptr) return;
    broker->is_fenced = false;
    image_.brokers = image_.brokers.with(record.id, broker);
}

void ImageDelta::apply_one(const protocol::RegisterControllerRecord& record) {
    RegisteredController controller{.incarnation_id = record.incarnation_id,
                                    .endpoints = {},
                                    .features = {}};
    for (const auto& endpoint : record.endpoints) {
        controller.endpoints.push_back(
            {endpoint.name, endpoint.host, endpoint.port, endpoint.security_protocol});
    }
    for (const auto& feature : record.features) {
        controller.features[feature.name] = {feature.min_supported_version,
                                             feature.max_supported_version};
    }
    image_.controllers[record.controller_id] = std::move(controller);
}

// An empty name: of all topics.
void ImageDelta::apply_one(const protocol::ClearElrRecord& record) {
    std::vector<Uuid> meant;
    for (const auto& [id, topic] : edited_) {
        if (record.topic_name.empty() || topic->name == record.topic_name) meant.push_back(id);
    }
    image_.topics_by_id.for_each([&](const Uuid& id, const TopicPtr& topic) {
        const bool is_meant = record.topic_name.empty() || topic->name == record.topic_name;
        if (is_meant && !edited_.contains(id)) meant.push_back(id);
    });
    for (const Uuid& id : meant)
        clear_elr(id);
}

void ImageDelta::clear_elr(const Uuid& topic_id) {
    const auto has_elr = [](const PartitionState& partition) {
        return !partition.eligible_leader_replicas.empty() || !partition.last_known_elr.empty();
    };
    const auto at = edited_.find(topic_id);
    const Topic* topic = at == edited_.end() ? image_.find_topic(topic_id) : at->second.get();
    if (std::none_of(topic->partitions.begin(), topic->partitions.end(), has_elr)) return;
    protocol::PartitionChangeRecord change;
    change.eligible_leader_replicas.emplace();
    change.last_known_elr.emplace();
    for (PartitionState& partition : edit(topic_id)->partitions) {
        if (has_elr(partition)) apply_change(partition, change);
    }
}

void ImageDelta::apply_one(const protocol::TopicRecord& record) {
    auto topic = std::make_shared<Topic>();
    topic->name = record.name;
    topic->id = record.topic_id;
    edited_[record.topic_id] = std::move(topic);
}

void ImageDelta::apply_one(const protocol::PartitionRecord& record) {
    Topic* topic = edit(record.topic_id);
    const std::int32_t index = record.partition_id.value();
    if (topic == nullptr || index < 0 || index >= partitions_per_topic_max) return;
    const auto at = static_cast<std::size_t>(index);
    if (at >= topic->partitions.size()) topic->partitions.resize(at + 1);
    topic->partitions[at] = {
        .replicas = record.replicas,
        .directories = record.directories,
        .isr = record.isr,
        .removing_replicas = record.removing_replicas,
        .adding_replicas = record.adding_replicas,
        .eligible_leader_replicas = record.eligible_leader_replicas.value_or(std::vector<NodeId>{}),
        .last_known_elr = record.last_known_elr.value_or(std::vector<NodeId>{}),
        .leader = record.leader,
        .leader_recovery_state = record.leader_recovery_state,
        .leader_epoch = record.leader_epoch,
        .partition_epoch = record.partition_epoch,
    };
}

void ImageDelta::apply_one(const protocol::PartitionChangeRecord& record) {
    Topic* topic = edit(record.topic_id);
    if (topic == nullptr || topic->find(record.partition_id) == nullptr) return;
    const auto at = static_cast<std::size_t>(record.partition_id.value());
    apply_change(topic->partitions[at], record);
}

void ImageDelta::apply_one(const protocol::RemoveTopicRecord& record) {
    const Topic* topic = edit(record.topic_id);
    if (topic == nullptr) return;
    image_.configs = image_.configs.without({ConfigResourceType::topic, topic->name});
    // A topic of the same name may already stand in its place.
    const Topic* named = image_.find_topic(topic->name);
    if (named != nullptr && named->id == record.topic_id) {
        image_.topics = image_.topics.without(topic->name);
    }
    image_.topics_by_id = image_.topics_by_id.without(record.topic_id);
    edited_.erase(record.topic_id);
}

void ImageDelta::apply_one(const protocol::ConfigRecord& record) {
    const ConfigResource resource{record.resource_type, record.resource_name};
    auto values = std::make_shared<ConfigValues>(image_.configs_of(resource));
    if (record.value) {
        (*values)[record.name] = *record.value;
    } else {
        values->erase(record.name);
    }
    image_.configs = values->empty() ? image_.configs.without(resource)
                                     : image_.configs.with(resource, std::move(values));
}

void ImageDelta::apply_one(const protocol::FeatureLevelRecord& record) {
    if (record.feature_level == 0) {
        image_.features.erase(record.name);
    } else {
        image_.features[record.name] = record.feature_level;
    }
}

void ImageDelta::apply_one(const protocol::ProducerIdsRecord& record) {
    image_.next_producer_id = record.next_producer_id;
}

}  // namespace glasslog::metadata
