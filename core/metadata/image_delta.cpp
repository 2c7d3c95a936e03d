#include "core/metadata/image_delta.hpp"

#include "core/metadata/partition_change.hpp"

#include <algorithm>
#include <variant>
#include <vector>

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
    broker->cordoned_log_directories = record.cordoned_log_dirs.value_or(std::vector<Uuid>{});
    image_.brokers = image_.brokers.with(record.broker_id, std::move(broker));
}

void ImageDelta::apply_one(const protocol::BrokerRegistrationChangeRecord& record) {
    const Broker* before = image_.find_broker(record.broker_id);
    if (before == nullptr || before->epoch != record.broker_epoch) return;
    auto broker = std::make_shared<Broker>(*before);
    if (record.fenced != 0) broker->is_fenced = record.fenced > 0;
    if (record.in_controlled_shutdown != 0) {
        broker->is_in_controlled_shutdown = record.in_controlled_shutdown > 0;
    }
    if (!record.log_dirs.empty()) broker->log_directories = record.log_dirs;
    if (record.cordoned_log_dirs) broker->cordoned_log_directories = *record.cordoned_log_dirs;
    image_.brokers = image_.brokers.with(record.broker_id, std::move(broker));
}

void ImageDelta::apply_one(const protocol::UnregisterBrokerRecord& record) {
    const Broker* before = image_.find_broker(record.broker_id);
    if (before == nullptr || before->epoch != record.broker_epoch) return;
    image_.brokers = image_.brokers.without(record.broker_id);
}

void ImageDelta::apply_one(const protocol::FenceBrokerRecord& record) {
    fence(record.id, record.epoch, true);
}

void ImageDelta::apply_one(const protocol::UnfenceBrokerRecord& record) {
    fence(record.id, record.epoch, false);
}

void ImageDelta::fence(NodeId id, BrokerEpoch epoch, bool is_fenced) {
    const Broker* before = image_.find_broker(id);
    if (before == nullptr || before->epoch != epoch) return;
    auto broker = std::make_shared<Broker>(*before);
    broker->is_fenced = is_fenced;
    image_.brokers = image_.brokers.with(id, std::move(broker));
}

void ImageDelta::apply_one(const protocol::RegisterControllerRecord& record) {
    image_.controllers =
        image_.controllers.with(record.controller_id,
                                std::make_shared<const protocol::RegisterControllerRecord>(record));
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

// Of one topic, or of all when it names none. Epochs stay: nobody leads otherwise for it.
void ImageDelta::apply_one(const protocol::ClearElrRecord& record) {
    std::vector<Uuid> topics;
    const auto take = [&](const Uuid& id, const TopicPtr& topic) {
        if (record.topic_name.empty() || record.topic_name == topic->name) topics.push_back(id);
    };
    image_.topics_by_id.for_each(take);
    for (const auto& [id, topic] : edited_)
        take(id, topic);
    for (const Uuid& id : topics)
        clear_elr(id);
}

void ImageDelta::clear_elr(const Uuid& id) {
    const auto has_elr = [](const PartitionState& partition) {
        return !partition.eligible_leader_replicas.empty() || !partition.last_known_elr.empty();
    };
    const auto at = edited_.find(id);
    const Topic* before = at != edited_.end() ? at->second.get() : image_.find_topic(id);
    const bool is_change = before != nullptr && std::ranges::any_of(before->partitions, has_elr);
    if (!is_change) return;
    for (PartitionState& partition : edit(id)->partitions) {
        partition.eligible_leader_replicas.clear();
        partition.last_known_elr.clear();
    }
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
