#include "core/metadata/image_records.hpp"

#include "core/base/overloaded.hpp"
#include "core/metadata/features.hpp"
#include "core/metadata/image_delta.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace glasslog::metadata {

namespace {

constexpr std::int16_t newest_metadata_version = 30;  // 4.3-IV0

// First metadata.version at which a record's version may be written.
struct VersionSince {
    std::int16_t level;
    std::int16_t version;
};

// 3.3-IV3, migration from ZooKeeper, directories, cordoned directories.
constexpr std::array register_broker_versions{
    VersionSince{7, 1}, VersionSince{8, 2}, VersionSince{17, 3}, VersionSince{30, 4}};
// Directories; eligible leader replicas.
constexpr std::array partition_versions{VersionSince{17, 1}, VersionSince{23, 2}};

protocol::Version newest(std::span<const VersionSince> table, std::int16_t level) {
    std::int16_t version = 0;
    for (const VersionSince& one : table) {
        if (one.level <= level) version = one.version;
    }
    return protocol::Version(version);
}

void add_features(const Image& image, std::vector<Record>& records) {
    // metadata.version first: it says how all that follows is to be read.
    const auto own = image.features.find(std::string(metadata_version));
    if (own != image.features.end()) {
        records.emplace_back(protocol::FeatureLevelRecord{own->first, own->second});
    }
    for (const auto& [name, level] : image.features) {
        const bool is_elsewhere = name == metadata_version || name == kraft_version;
        if (!is_elsewhere) records.emplace_back(protocol::FeatureLevelRecord{name, level});
    }
}

// Listeners and features of a broker or controller.
template <typename Registered, typename Record>
void describe_node(const Registered& node, Record& record) {
    for (const ListenerEndpoint& endpoint : node.endpoints) {
        record.endpoints.push_back(
            {endpoint.name, endpoint.host, endpoint.port, endpoint.security_protocol});
    }
    for (const auto& [name, range] : node.features)
        record.features.push_back({name, range.first, range.last});
}

protocol::RegisterBrokerRecord record_of(const Broker& broker) {
    protocol::RegisterBrokerRecord record;
    record.broker_id = broker.id;
    record.incarnation_id = broker.incarnation_id;
    record.broker_epoch = broker.epoch;
    describe_node(broker, record);
    record.rack = broker.rack;
    record.fenced = broker.is_fenced;
    record.in_controlled_shutdown = broker.is_in_controlled_shutdown;
    record.log_dirs = broker.log_directories;
    record.cordoned_log_dirs = broker.cordoned_directories;
    return record;
}

protocol::RegisterControllerRecord record_of(NodeId id, const RegisteredController& controller) {
    protocol::RegisterControllerRecord record;
    record.controller_id = id;
    record.incarnation_id = controller.incarnation_id;
    describe_node(controller, record);
    return record;
}

std::optional<std::vector<NodeId>> unless_empty(const std::vector<NodeId>& nodes) {
    return nodes.empty() ? std::nullopt : std::optional(nodes);
}

protocol::PartitionRecord record_of(const Topic& topic, std::size_t index) {
    const PartitionState& partition = topic.partitions[index];
    protocol::PartitionRecord record;
    record.partition_id = PartitionIndex(static_cast<std::int32_t>(index));
    record.topic_id = topic.id;
    record.replicas = partition.replicas;
    record.isr = partition.isr;
    record.removing_replicas = partition.removing_replicas;
    record.adding_replicas = partition.adding_replicas;
    record.leader = partition.leader;
    record.leader_recovery_state = partition.leader_recovery_state;
    record.leader_epoch = partition.leader_epoch;
    record.partition_epoch = partition.partition_epoch;
    record.directories = partition.directories;
    record.eligible_leader_replicas = unless_empty(partition.eligible_leader_replicas);
    record.last_known_elr = unless_empty(partition.last_known_elr);
    return record;
}

void add_topics(const Image& image, std::vector<Record>& records) {
    image.topics_by_id.for_each([&](const Uuid& id, const TopicPtr& topic) {
        records.emplace_back(protocol::TopicRecord{topic->name, id});
        for (std::size_t index = 0; index < topic->partitions.size(); ++index)
            records.emplace_back(record_of(*topic, index));
    });
}

void add_configs(const Image& image, std::vector<Record>& records) {
    image.configs.for_each([&](const ConfigResource& resource, const ConfigValuesPtr& values) {
        for (const auto& [key, value] : *values)
            records.emplace_back(protocol::ConfigRecord{resource.type, resource.name, key, value});
    });
}

// The records of a map as they were kept.
template <typename Kept>
void add_kept(const Kept& kept, std::vector<Record>& records) {
    kept.for_each([&](const auto&, const auto& record) { records.emplace_back(*record); });
}

}  // namespace

std::vector<Record> image_records(const Image& image) {
    std::vector<Record> records;
    add_features(image, records);
    image.brokers.for_each(
        [&](NodeId, const BrokerPtr& broker) { records.emplace_back(record_of(*broker)); });
    for (const auto& [id, controller] : image.controllers)
        records.emplace_back(record_of(id, controller));
    add_topics(image, records);
    add_configs(image, records);
    add_kept(image.security.quotas, records);
    if (image.next_producer_id > ProducerId(0)) {
        // To whom the last block went is not known any more; nor does Kafka say it here.
        records.emplace_back(
            protocol::ProducerIdsRecord{no_node, BrokerEpoch(-1), image.next_producer_id});
    }
    add_kept(image.security.access_rules, records);
    add_kept(image.security.scram_credentials, records);
    add_kept(image.security.delegation_tokens, records);
    return records;
}

protocol::Version version_at(const Record& record, std::int16_t level) {
    return std::visit(overloaded{[&](const protocol::RegisterBrokerRecord&) {
                                     return newest(register_broker_versions, level);
                                 },
                                 [&](const protocol::PartitionRecord&) {
                                     return newest(partition_versions, level);
                                 },
                                 [&](const protocol::PartitionChangeRecord&) {
                                     return newest(partition_versions, level);
                                 },
                                 [&](const auto&) { return version_to_write(record); }},
                      record);
}

std::vector<Bytes> snapshot_values(const Image& image) {
    const auto own = image.features.find(std::string(metadata_version));
    const std::int16_t level = own == image.features.end() ? newest_metadata_version : own->second;
    std::vector<Bytes> values;
    for (const Record& record : image_records(image)) {
        values.push_back(protocol::encode_metadata_record({record, version_at(record, level)}));
    }
    return values;
}

Expected<Image, DecodeError> image_of_snapshot(std::span<const Bytes> values,
                                               const SnapshotPlace& place) {
    ImageDelta delta({});
    for (const Bytes& value : values)
        delta.apply(TRY(protocol::decode_metadata_record(value)).record);
    if (place.kraft_version > 0) {
        delta.apply(protocol::FeatureLevelRecord{std::string(kraft_version), place.kraft_version});
    }
    Image image = delta.finish();
    image.offset = place.end - 1;
    image.epoch = place.epoch;
    return image;
}

void ImageFold::apply(std::span<const Record> records, Offset base, LeaderEpoch epoch) {
    const Offset last = base + static_cast<std::int64_t>(records.size()) - 1;
    while (!records.empty()) {
        // Up to the next record that begins or ends a transaction.
        const auto is_frame = [](const Record& record) {
            return std::holds_alternative<protocol::BeginTransactionRecord>(record) ||
                   std::holds_alternative<protocol::EndTransactionRecord>(record) ||
                   std::holds_alternative<protocol::AbortTransactionRecord>(record);
        };
        const auto frame = std::ranges::find_if(records, is_frame);
        ImageDelta delta(std::move(target()));
        std::for_each(records.begin(), frame, [&](const Record& record) { delta.apply(record); });
        target() = delta.finish();
        records = std::span(frame, records.end());
        if (records.empty()) break;
        if (std::holds_alternative<protocol::BeginTransactionRecord>(records.front())) {
            open_ = image_;
        } else {
            const bool is_ended =
                std::holds_alternative<protocol::EndTransactionRecord>(records.front());
            if (is_ended && open_) image_ = std::move(*open_);
            open_.reset();
        }
        records = records.subspan(1);
    }
    if (open_) return;
    image_.offset = last;
    image_.epoch = epoch;
}

// Not of the transaction that is open, and not undone with it.
void ImageFold::apply_kraft_version(std::int16_t level, Offset offset, LeaderEpoch epoch) {
    image_.features[std::string(kraft_version)] = level;
    if (open_) {
        open_->features[std::string(kraft_version)] = level;
        return;
    }
    image_.offset = offset;
    image_.epoch = epoch;
}

}  // namespace glasslog::metadata
