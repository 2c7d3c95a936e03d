#include "core/metadata/controller.hpp"

#include "core/base/overloaded.hpp"
#include "core/metadata/features.hpp"
#include "core/metadata/image_delta.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace glasslog::metadata {

namespace {

using protocol::WireError;

protocol::RegisterBrokerRecord registration_record(const BrokerRegistration& registration,
                                                   BrokerEpoch epoch) {
    protocol::RegisterBrokerRecord record;
    record.broker_id = registration.id;
    record.incarnation_id = registration.incarnation_id;
    record.broker_epoch = epoch;
    for (const ListenerEndpoint& endpoint : registration.endpoints) {
        record.endpoints.push_back(
            {endpoint.name, endpoint.host, endpoint.port, endpoint.security_protocol});
    }
    for (const SupportedFeature& feature : supported_features()) {
        record.features.push_back(
            {std::string(feature.name), feature.levels.first, feature.levels.last});
    }
    record.rack = registration.rack;
    record.fenced = true;
    record.log_dirs = registration.log_directories;
    return record;
}

// What a restarted broker led gets a new leader epoch: if it lost a tail that was not synced, the
// offsets of that tail are given out again, and readers can tell the two by the epoch. What nobody
// leads, as a controlled shutdown leaves it, is led by a broker of its in-sync replicas.
void lead_again(const Image& image, NodeId broker, std::vector<Record>& records) {
    image.topics_by_id.for_each([&](const Uuid& id, const TopicPtr& topic) {
        for (std::size_t at = 0; at < topic->partitions.size(); ++at) {
            const PartitionState& partition = topic->partitions[at];
            const bool is_in_sync = std::find(partition.isr.begin(), partition.isr.end(), broker) !=
                                    partition.isr.end();
            const bool is_free = partition.leader == no_node && is_in_sync;
            if (partition.leader != broker && !is_free) continue;
            protocol::PartitionChangeRecord change;
            change.partition_id = PartitionIndex(static_cast<std::int32_t>(at));
            change.topic_id = id;
            change.leader = broker;
            records.push_back(std::move(change));
        }
    });
}

}  // namespace

Response refuse_all(const Request& request, WireError error) {
    const std::string message(protocol::name(error));
    return std::visit(
        overloaded{
            [&](const CreateTopics& one) -> Response {
                protocol::CreateTopicsResponse response;
                for (const auto& topic : one.body.topics) {
                    response.topics.emplace_back();
                    response.topics.back().name = topic.name;
                    response.topics.back().error_code = error;
                    response.topics.back().error_message = message;
                }
                return response;
            },
            [&](const DeleteTopics& one) -> Response {
                protocol::DeleteTopicsResponse response;
                for (const std::string& name : one.body.topic_names)
                    response.responses.push_back({name, {}, error, message});
                for (const auto& topic : one.body.topics)
                    response.responses.push_back({topic.name, topic.topic_id, error, message});
                return response;
            },
            [&](const CreatePartitions& one) -> Response {
                protocol::CreatePartitionsResponse response;
                for (const auto& topic : one.body.topics)
                    response.results.push_back({topic.name, error, message});
                return response;
            },
            [&](const AlterConfigs& one) -> Response {
                protocol::IncrementalAlterConfigsResponse response;
                for (const auto& resource : one.body.resources) {
                    response.responses.push_back(
                        {error, message, resource.resource_type, resource.resource_name});
                }
                return response;
            },
            [&](const RegisterBroker&) -> Response {
                return Expected<BrokerEpoch, WireError>(Unexpected{error});
            },
            [&](const AllocateProducerIds&) -> Response {
                return Expected<ProducerIdBlock, WireError>(Unexpected{error});
            },
        },
        request);
}

Controller::Controller(ControllerOptions options, Image image)
    : options_(std::move(options)), image_(std::move(image)) {}

ConfigLayers Controller::layers() const {
    return {image_, options_.file, options_.node};
}

Decision Controller::handle(const Request& request, RequestToken token, Offset next_offset) const {
    return std::visit(
        overloaded{
            [&](const CreateTopics& one) { return create_topics(one, token); },
            [&](const DeleteTopics& one) { return delete_topics(one, token); },
            [&](const CreatePartitions& one) { return create_partitions(one, token); },
            [&](const AlterConfigs& one) { return alter_configs(one, token); },
            [&](const RegisterBroker& one) { return register_broker(one, token, next_offset); },
            [&](const AllocateProducerIds& one) { return allocate_producer_ids(one, token); },
        },
        request);
}

std::vector<Record> Controller::bootstrap() const {
    std::vector<Record> records;
    for (const SupportedFeature& feature : supported_features()) {
        if (feature.name == kraft_version) continue;
        records.emplace_back(
            protocol::FeatureLevelRecord{std::string(feature.name), feature.levels.last});
    }
    return records;
}

void Controller::replay(std::span<const Record> records, Offset base, LeaderEpoch epoch) {
    ImageDelta delta(std::move(image_));
    for (const Record& record : records)
        delta.apply(record);
    image_ = delta.finish();
    image_.offset = base + static_cast<std::int64_t>(records.size()) - 1;
    image_.epoch = epoch;
    image_.controller = options_.node;
}

void Controller::replay_kraft_version(std::int16_t level, Offset offset, LeaderEpoch epoch) {
    replay(std::array{Record(protocol::FeatureLevelRecord{std::string(kraft_version), level})},
           offset,
           epoch);
}

Decision Controller::register_broker(const RegisterBroker& request,
                                     RequestToken token,
                                     Offset next_offset) const {
    using Answer = Expected<BrokerEpoch, WireError>;
    const BrokerRegistration& registration = request.registration;
    const auto refuse = [&](WireError error) {
        return Decision{{}, {{token, Answer(Unexpected{error})}}};
    };
    if (registration.cluster_id != options_.cluster_id) {
        return refuse(WireError::inconsistent_cluster_id);
    }
    if (registration.log_directories.empty()) return refuse(WireError::invalid_registration);

    const Broker* before = image_.find_broker(registration.id);
    if (before != nullptr && before->incarnation_id == registration.incarnation_id) {
        return {{}, {{token, Answer(before->epoch)}}};
    }
    const BrokerEpoch epoch(next_offset.value());
    Decision decision;
    decision.records.emplace_back(registration_record(registration, epoch));
    protocol::BrokerRegistrationChangeRecord unfence;
    unfence.broker_id = registration.id;
    unfence.broker_epoch = epoch;
    unfence.fenced = -1;
    decision.records.emplace_back(std::move(unfence));
    lead_again(image_, registration.id, decision.records);
    decision.replies.push_back({token, Answer(epoch)});
    return decision;
}

Decision Controller::allocate_producer_ids(const AllocateProducerIds& request,
                                           RequestToken token) const {
    using Answer = Expected<ProducerIdBlock, WireError>;
    const Broker* broker = image_.find_broker(request.broker);
    if (broker == nullptr || broker->epoch != request.epoch) {
        return {{}, {{token, Answer(Unexpected{WireError::stale_broker_epoch})}}};
    }
    const ProducerId first = image_.next_producer_id;
    if (first.value() > INT64_MAX - producer_id_block_size) {
        return {{}, {{token, Answer(Unexpected{WireError::unknown_server_error})}}};
    }
    const protocol::ProducerIdsRecord record{request.broker,
                                             request.epoch,
                                             first + producer_id_block_size};
    return {{record}, {{token, Answer(ProducerIdBlock{first})}}};
}

}  // namespace glasslog::metadata
