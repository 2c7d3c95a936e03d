#include "core/metadata/controller.hpp"

#include "core/base/overloaded.hpp"
#include "core/metadata/features.hpp"
#include "core/metadata/image_delta.hpp"
#include "core/metadata/node_sets.hpp"

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

}  // namespace

Controller::Controller(ControllerOptions options, Image image)
    : options_(std::move(options)), image_(std::move(image)) {}

ConfigLayers Controller::layers() const {
    return {image_, options_.file, options_.node};
}

ConfigLayers Controller::cluster_layers() const {
    return {image_, options_.file, no_node};
}

Decision Controller::begin(Instant now) {
    soft_ = {};
    // A fenced broker is likely to be away, and its id must be free for its next incarnation.
    image_.brokers.for_each([&](NodeId id, const BrokerPtr& broker) {
        if (!broker->is_fenced) soft_.sessions[id].deadline = now + options_.session_timeout;
    });
    soft_.balance_at = now + options_.balance_interval;
    soft_.unclean_at = now + options_.unclean_interval;
    soft_.no_op_at = now + options_.no_op_interval;
    return {{}, {}, soft_.next_deadline()};
}

Decision Controller::handle(const Request& request, RequestToken token, const Moment& at) {
    Decision decision;
    Response response =
        std::visit([&](const auto& one) { return decide(one, at, decision.records); }, request);
    decision.replies.push_back({token, std::move(response)});
    if (!decision.records.empty()) soft_.no_op_at = at.now + options_.no_op_interval;
    decision.wake_at = soft_.next_deadline();
    return decision;
}

Decision Controller::on_timer(const Moment& at) {
    Decision decision;
    if (fence_expired(at.now, decision.records)) {
        // The next one has its turn when this one's records are replayed.
    } else if (soft_.balance_at <= at.now) {
        move_leaders_back(decision.records);
        const bool is_capped = decision.records.size() >= options_.elections_per_pass_max;
        soft_.balance_at = is_capped ? at.now : at.now + options_.balance_interval;
    } else if (soft_.unclean_at <= at.now) {
        elect_uncleanly(decision.records);
        const bool is_capped = decision.records.size() >= options_.elections_per_pass_max;
        soft_.unclean_at = is_capped ? at.now : at.now + options_.unclean_interval;
    } else if (soft_.no_op_at <= at.now) {
        decision.records.emplace_back(protocol::NoOpRecord{});
    }
    if (!decision.records.empty()) soft_.no_op_at = at.now + options_.no_op_interval;
    decision.wake_at = soft_.next_deadline();
    return decision;
}

std::vector<Record> Controller::bootstrap() const {
    std::vector<Record> records;
    const auto add = [&](const SupportedFeature& feature) {
        records.emplace_back(
            protocol::FeatureLevelRecord{std::string(feature.name), feature.levels.last});
    };
    // Which records there may be stands before all others.
    for (const SupportedFeature& feature : supported_features()) {
        if (feature.name == metadata_version) add(feature);
    }
    for (const SupportedFeature& feature : supported_features()) {
        if (feature.name != metadata_version && feature.name != kraft_version) add(feature);
    }
    add_elr_records(records);
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

Response Controller::decide(const RegisterBroker& request, const Moment& at, Records& records) {
    using Answer = Expected<BrokerEpoch, WireError>;
    const BrokerRegistration& registration = request.registration;
    if (registration.cluster_id != options_.cluster_id) {
        return Answer(Unexpected{WireError::inconsistent_cluster_id});
    }
    if (registration.log_directories.empty()) {
        return Answer(Unexpected{WireError::invalid_registration});
    }
    const Broker* before = image_.find_broker(registration.id);
    if (before != nullptr && before->incarnation_id == registration.incarnation_id) {
        return Answer(before->epoch);
    }
    const BrokerEpoch epoch(at.next_offset.value());
    records.emplace_back(registration_record(registration, epoch));
    protocol::BrokerRegistrationChangeRecord unfence;
    unfence.broker_id = registration.id;
    unfence.broker_epoch = epoch;
    unfence.fenced = -1;
    records.emplace_back(std::move(unfence));
    lead_again(registration.id, records);
    return Answer(epoch);
}

// What a restarted broker led gets a new leader epoch: if it lost a tail that was not synced, the
// offsets of that tail are given out again, and readers can tell the two by the epoch. What nobody
// leads, as a controlled shutdown leaves it, is led again by a broker that is in sync or eligible.
void Controller::lead_again(NodeId broker, Records& records) const {
    image_.topics_by_id.for_each([&](const Uuid& id, const TopicPtr& topic) {
        ChangeScope scope = scope_of(*topic, ElectionKind::online);
        scope.presence.returns = broker;
        for (std::size_t at = 0; at < topic->partitions.size(); ++at) {
            const PartitionState& partition = topic->partitions[at];
            const PartitionRef which{id, PartitionIndex(static_cast<std::int32_t>(at))};
            if (partition.leader == broker) {
                protocol::PartitionChangeRecord change;
                change.topic_id = which.topic;
                change.partition_id = which.index;
                change.leader = broker;
                records.emplace_back(std::move(change));
            } else if (partition.leader == no_node && contains(partition.replicas, broker)) {
                auto change = change_partition(which, partition, {}, scope);
                if (change) records.emplace_back(std::move(*change));
            }
        }
    });
}

Response Controller::decide(const AllocateProducerIds& request,
                            const Moment& /*at*/,
                            Records& records) {
    using Answer = Expected<ProducerIdBlock, WireError>;
    if (is_stale(request.broker, request.epoch)) {
        return Answer(Unexpected{WireError::stale_broker_epoch});
    }
    const ProducerId first = image_.next_producer_id;
    if (first.value() > INT64_MAX - producer_id_block_size) {
        return Answer(Unexpected{WireError::unknown_server_error});
    }
    if (options_.rules.producer_ids == ProducerIdRule::logged) {
        records.emplace_back(protocol::ProducerIdsRecord{request.broker,
                                                         request.epoch,
                                                         first + producer_id_block_size});
    }
    return Answer(ProducerIdBlock{first});
}

Response Controller::decide(const protocol::AllocateProducerIdsRequest& request,
                            const Moment& at,
                            Records& records) {
    const Response decided =
        decide(AllocateProducerIds{request.broker_id, request.broker_epoch}, at, records);
    const auto& block = std::get<Expected<ProducerIdBlock, WireError>>(decided);
    protocol::AllocateProducerIdsResponse response;
    if (block) {
        response.producer_id_start = block->first;
        response.producer_id_len = producer_id_block_size;
    } else {
        response.error_code = block.error();
    }
    return response;
}

}  // namespace glasslog::metadata
