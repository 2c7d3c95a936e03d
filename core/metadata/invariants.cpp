#include "core/metadata/invariants.hpp"

#include "core/metadata/directories.hpp"
#include "core/metadata/node_sets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace glasslog::metadata {

namespace {

using Finding = std::optional<std::string>;

Finding shape_finding(const PartitionState& one) {
    if (one.replicas.empty() || has_repeats(one.replicas))
        return "K16: replicas repeat or are none";
    if (has_repeats(one.isr)) return "K16: the ISR names a replica twice";
    if (!contains_all(one.replicas, one.isr)) return "K16: the ISR is no subset of the replicas";
    if (one.leader != no_node && !contains(one.isr, one.leader)) {
        return "K16: the leader is not in the ISR";
    }
    if (!contains_all(one.replicas, one.eligible_leader_replicas)) {
        return "K16: the ELR is no subset of the replicas";
    }
    for (const NodeId node : one.eligible_leader_replicas) {
        if (contains(one.isr, node)) return "K16: a replica is in the ISR and in the ELR";
    }
    if (!contains_all(one.replicas, one.adding_replicas) ||
        !contains_all(one.replicas, one.removing_replicas)) {
        return "K16: a reassignment names who is no replica";
    }
    for (const NodeId node : one.removing_replicas) {
        if (contains(one.adding_replicas, node)) return "K16: a replica is added and removed";
    }
    if (one.directories.size() != one.replicas.size()) {
        return "K16: the directories are not those of the replicas";
    }
    return std::nullopt;
}

// What differs but the epochs.
bool is_same_content(PartitionState before, const PartitionState& after) {
    before.partition_epoch = after.partition_epoch;
    return before == after;
}

Finding partition_finding(const PartitionState& before,
                          const PartitionState& after,
                          const Image& image) {
    const std::int32_t rise = after.partition_epoch - before.partition_epoch;
    if (rise < 0) return "M10: the partition epoch fell";
    if (rise == 0 && !is_same_content(before, after)) {
        return "M10: a change did not raise the partition epoch";
    }
    if (after.leader_epoch < before.leader_epoch) return "M11: the leader epoch fell";
    if (after.leader != before.leader && after.leader_epoch == before.leader_epoch) {
        return "M11: another leader under the same epoch";
    }
    const bool lost_replica = !contains_all(after.replicas, before.replicas);
    if (lost_replica && after.leader_epoch == before.leader_epoch) {
        return "M11: a replica was removed under the same leader epoch";
    }
    for (const NodeId node : after.isr) {
        const bool has_joined = !contains(before.isr, node) && after.leader != no_node;
        if (has_joined && !is_active(image, node)) {
            return fmt::format("K16: broker {} joined an ISR and is not active", node);
        }
    }
    return std::nullopt;
}

Finding topic_finding(const Topic& before, const Topic& after, const Image& image) {
    if (before.name != after.name) return "M12: a topic id changed its topic";
    if (after.partitions.size() < before.partitions.size()) {
        return fmt::format("M12: topic {} lost a partition", before.name);
    }
    for (std::size_t at = 0; at < before.partitions.size(); ++at) {
        auto finding = partition_finding(before.partitions[at], after.partitions[at], image);
        if (finding) return fmt::format("{} ({}-{})", *finding, before.name, at);
    }
    return std::nullopt;
}

Finding broker_finding(const Image& before, const Broker* old_broker, const Broker& broker) {
    if (old_broker != nullptr && old_broker->epoch == broker.epoch) {
        const bool is_same = old_broker->incarnation_id == broker.incarnation_id;
        if (is_same) return std::nullopt;
        return fmt::format("M8: two incarnations of broker {} have one epoch", broker.id);
    }
    Finding finding;
    before.brokers.for_each([&](NodeId id, const BrokerPtr& other) {
        if (other->epoch < broker.epoch) return;
        finding =
            fmt::format("M8: the epoch of broker {} is not above that of broker {}", broker.id, id);
    });
    return finding;
}

// Who says that it asks, when the request says so.
std::optional<std::pair<NodeId, BrokerEpoch>> sender_of(const Request& request) {
    if (const auto* one = std::get_if<protocol::AlterPartitionRequest>(&request)) {
        return std::pair{one->broker_id, one->broker_epoch};
    }
    if (const auto* one = std::get_if<protocol::BrokerHeartbeatRequest>(&request)) {
        return std::pair{one->broker_id, one->broker_epoch};
    }
    if (const auto* one = std::get_if<protocol::AssignReplicasToDirsRequest>(&request)) {
        return std::pair{one->broker_id, one->broker_epoch};
    }
    if (const auto* one = std::get_if<protocol::AllocateProducerIdsRequest>(&request)) {
        return std::pair{one->broker_id, one->broker_epoch};
    }
    if (const auto* one = std::get_if<FenceBroker>(&request)) return std::pair{one->id, one->epoch};
    return std::nullopt;
}

using protocol::AlterPartitionRequest;
using protocol::AlterPartitionResponse;

Finding accepted_finding(const Image& before,
                         const Uuid& topic,
                         const AlterPartitionRequest::Partition& wanted) {
    const PartitionState* known = before.find_partition(topic, wanted.partition_index);
    if (known == nullptr) return "M12: the in-sync set of no partition was replaced";
    if (wanted.partition_epoch != known->partition_epoch) {
        return "M10: an in-sync set was replaced that its leader did not know";
    }
    for (const auto& state : wanted.new_isr_with_epochs) {
        const Broker* broker = before.find_broker(state.broker_id);
        const bool is_meant = broker != nullptr && (state.broker_epoch == BrokerEpoch(-1) ||
                                                    state.broker_epoch == broker->epoch);
        if (!is_meant) return "K16: another incarnation was let into an in-sync set";
    }
    return std::nullopt;
}

Finding alter_partition_finding(const Image& before,
                                const AlterPartitionRequest& request,
                                const AlterPartitionResponse& response) {
    if (response.error_code != protocol::WireError::none) return std::nullopt;
    for (std::size_t at = 0; at < response.topics.size(); ++at) {
        const auto& answered = response.topics[at].partitions;
        for (std::size_t index = 0; index < answered.size(); ++index) {
            if (answered[index].error_code != protocol::WireError::none) continue;
            const auto& asked = request.topics.at(at);
            auto finding = accepted_finding(before, asked.topic_id, asked.partitions.at(index));
            if (finding) return finding;
        }
    }
    return std::nullopt;
}

Finding producer_id_finding(const Image& before,
                            const protocol::AllocateProducerIdsResponse& response,
                            const Decision& decision) {
    if (response.error_code != protocol::WireError::none) return std::nullopt;
    if (response.producer_id_start < before.next_producer_id) {
        return "M14: producer ids were given twice";
    }
    const ProducerId end = response.producer_id_start + response.producer_id_len;
    for (const Record& record : decision.records) {
        const auto* block = std::get_if<protocol::ProducerIdsRecord>(&record);
        if (block != nullptr && block->next_producer_id >= end) return std::nullopt;
    }
    return "M14: a block of producer ids was given and not logged";
}

}  // namespace

Finding check_invariants(const Image& image) {
    Finding finding;
    image.topics_by_id.for_each([&](const Uuid& id, const TopicPtr& topic) {
        const Topic* named = image.find_topic(topic->name);
        if (topic->id != id || named == nullptr || named->id != id) {
            finding = fmt::format("M12: topic {} is not the topic of its id", topic->name);
        }
        for (std::size_t at = 0; at < topic->partitions.size(); ++at) {
            const Finding shape = shape_finding(topic->partitions[at]);
            if (shape) finding = fmt::format("{} ({}-{})", *shape, topic->name, at);
        }
    });
    if (image.topics.size() != image.topics_by_id.size()) finding = "M12: a name has no topic";
    std::set<BrokerEpoch> epochs;
    image.brokers.for_each([&](NodeId id, const BrokerPtr& broker) {
        if (broker->id != id)
            finding = fmt::format("M8: broker {} is registered as {}", broker->id, id);
        if (!epochs.insert(broker->epoch).second) finding = "M8: two brokers have one epoch";
    });
    return finding;
}

Finding check_step(const Image& before, const Image& after) {
    Finding finding;
    if (after.next_producer_id < before.next_producer_id)
        finding = "M14: the next producer id fell";
    PersistentMap<Uuid, TopicPtr>::for_each_change(
        before.topics_by_id,
        after.topics_by_id,
        [&](const Uuid& /*id*/, const TopicPtr* old_topic, const TopicPtr* new_topic) {
            if (old_topic == nullptr || new_topic == nullptr || finding) return;
            finding = topic_finding(**old_topic, **new_topic, after);
        });
    PersistentMap<NodeId, BrokerPtr>::for_each_change(
        before.brokers,
        after.brokers,
        [&](NodeId /*id*/, const BrokerPtr* old_broker, const BrokerPtr* new_broker) {
            if (new_broker == nullptr || finding) return;
            const Broker* known = old_broker == nullptr ? nullptr : old_broker->get();
            finding = broker_finding(before, known, **new_broker);
        });
    return finding;
}

Finding check_decision(const Image& before, const Request& request, const Decision& decision) {
    if (const auto sender = sender_of(request)) {
        const Broker* broker = before.find_broker(sender->first);
        const bool is_current = broker != nullptr && broker->epoch == sender->second;
        if (!is_current && !decision.records.empty()) {
            return fmt::format("M8: an earlier incarnation of broker {} was obeyed", sender->first);
        }
    }
    for (const Reply& reply : decision.replies) {
        const auto* altered = std::get_if<AlterPartitionResponse>(&reply.response);
        if (altered != nullptr) {
            const auto& asked = std::get<AlterPartitionRequest>(request);
            if (auto finding = alter_partition_finding(before, asked, *altered)) return finding;
        }
        const auto* block = std::get_if<protocol::AllocateProducerIdsResponse>(&reply.response);
        if (block == nullptr) continue;
        if (auto finding = producer_id_finding(before, *block, decision)) return finding;
    }
    return std::nullopt;
}

}  // namespace glasslog::metadata
