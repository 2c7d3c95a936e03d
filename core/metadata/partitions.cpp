// Partitions of the controller: what their leaders and brokers report of them. The order of checks
// is Kafka's. Sources: KIP-497, KIP-841, KIP-858, KIP-903.

#include "core/metadata/controller.hpp"
#include "core/metadata/directories.hpp"
#include "core/metadata/node_sets.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace glasslog::metadata {

namespace {

using protocol::AlterPartitionRequest;
using protocol::AlterPartitionResponse;
using protocol::AssignReplicasToDirsRequest;
using protocol::AssignReplicasToDirsResponse;
using protocol::WireError;

// Before version 3 a leader does not say of which incarnations it speaks.
std::vector<AlterPartitionRequest::BrokerState> wanted_isr(
    const AlterPartitionRequest::Partition& wanted) {
    if (!wanted.new_isr_with_epochs.empty()) return wanted.new_isr_with_epochs;
    std::vector<AlterPartitionRequest::BrokerState> states;
    for (const NodeId id : wanted.new_isr) {
        states.emplace_back();
        states.back().broker_id = id;
        states.back().broker_epoch = BrokerEpoch(-1);
    }
    return states;
}

std::vector<NodeId> ids_of(const std::vector<AlterPartitionRequest::BrokerState>& states) {
    std::vector<NodeId> ids;
    for (const auto& state : states)
        ids.push_back(state.broker_id);
    return ids;
}

bool is_eligible(const Image& image, const AlterPartitionRequest::BrokerState& state) {
    const Broker* broker = image.find_broker(state.broker_id);
    if (broker == nullptr || !is_active(image, state.broker_id)) return false;
    return state.broker_epoch == BrokerEpoch(-1) || state.broker_epoch == broker->epoch;
}

// Why the leader's view is not ours, if it is not.
WireError view_refusal(const PartitionState& partition,
                       const AlterPartitionRequest& request,
                       const AlterPartitionRequest::Partition& wanted,
                       PartitionEpochRule rule) {
    // It knows more than this node, which then is the controller no longer.
    if (wanted.leader_epoch > partition.leader_epoch) return WireError::not_controller;
    if (wanted.partition_epoch > partition.partition_epoch) return WireError::not_controller;
    if (wanted.leader_epoch < partition.leader_epoch) return WireError::fenced_leader_epoch;
    if (request.broker_id != partition.leader) return WireError::invalid_request;
    const bool is_old = wanted.partition_epoch < partition.partition_epoch;
    if (is_old && rule == PartitionEpochRule::must_match) return WireError::invalid_update_version;
    return WireError::none;
}

// Why these replicas cannot be the in-sync ones, if they cannot.
WireError isr_refusal(const Image& image,
                      const PartitionState& partition,
                      const AlterPartitionRequest::Partition& wanted,
                      IsrRule rule) {
    const auto states = wanted_isr(wanted);
    const std::vector<NodeId> isr = ids_of(states);
    if (has_repeats(isr) || !contains_all(partition.replicas, isr)) {
        return WireError::invalid_request;
    }
    if (!contains(isr, partition.leader)) return WireError::invalid_request;
    const bool recovers = wanted.leader_recovery_state == leader_recovering;
    if (recovers && isr.size() > 1) return WireError::invalid_request;
    if (recovers && partition.leader_recovery_state == leader_recovered) {
        return WireError::invalid_request;
    }
    if (rule == IsrRule::any_replica) return WireError::none;
    for (const auto& state : states) {
        if (!is_eligible(image, state)) return WireError::ineligible_replica;
    }
    return WireError::none;
}

}  // namespace

AlterPartitionResponse::Partition Controller::alter_partition(
    const AlterPartitionRequest& request,
    const Topic& topic,
    const AlterPartitionRequest::Partition& wanted,
    Records& records) const {
    AlterPartitionResponse::Partition answer;
    answer.partition_index = wanted.partition_index;
    const PartitionState* before = topic.find(wanted.partition_index);
    if (before == nullptr) {
        answer.error_code = WireError::unknown_topic_or_partition;
        return answer;
    }
    const Rules& rules = options_.rules;
    answer.error_code = view_refusal(*before, request, wanted, rules.partition_epoch);
    if (answer.error_code != WireError::none) return answer;
    answer.error_code = isr_refusal(image_, *before, wanted, rules.isr);
    if (answer.error_code != WireError::none) return answer;

    const bool is_unclean = allows_unclean_election(topic);
    const ChangeScope scope =
        scope_of(topic, is_unclean ? ElectionKind::unclean : ElectionKind::online);
    const PartitionTarget target{.isr = ids_of(wanted_isr(wanted)),
                                 .leader_recovery_state = wanted.leader_recovery_state};
    PartitionState after = *before;
    auto change = change_partition({topic.id, wanted.partition_index}, *before, target, scope);
    if (change) {
        apply_change(after, *change);
        records.emplace_back(std::move(*change));
    }
    // The change completed a reassignment that takes the sender away.
    if (after.leader != request.broker_id) {
        answer.error_code = WireError::new_leader_elected;
        return answer;
    }
    answer.leader_id = after.leader;
    answer.leader_epoch = after.leader_epoch;
    answer.isr = after.isr;
    answer.leader_recovery_state = after.leader_recovery_state;
    answer.partition_epoch = after.partition_epoch;
    return answer;
}

Response Controller::decide(const AlterPartitionRequest& request,
                            const Moment& /*at*/,
                            Records& records) {
    AlterPartitionResponse response;
    if (request.topics.empty()) return response;
    if (is_stale(request.broker_id, request.broker_epoch)) {
        response.error_code = WireError::stale_broker_epoch;
        return response;
    }
    std::set<PartitionRef> decided;
    for (const auto& asked : request.topics) {
        auto& answer = response.topics.emplace_back();
        answer.topic_id = asked.topic_id;
        const Topic* topic = image_.find_topic(asked.topic_id);
        for (const auto& wanted : asked.partitions) {
            // The second of two was computed from a state that the first one changed.
            const bool is_first = decided.insert({asked.topic_id, wanted.partition_index}).second;
            if (topic != nullptr && is_first) {
                answer.partitions.push_back(alter_partition(request, *topic, wanted, records));
                continue;
            }
            auto& refused = answer.partitions.emplace_back();
            refused.partition_index = wanted.partition_index;
            refused.error_code =
                topic == nullptr ? WireError::unknown_topic_id : WireError::invalid_update_version;
        }
    }
    return response;
}

WireError Controller::assign_directory(const AssignReplicasToDirsRequest& request,
                                       const PartitionRef& which,
                                       const Uuid& directory,
                                       Records& records) const {
    const Topic* topic = image_.find_topic(which.topic);
    if (topic == nullptr) return WireError::unknown_topic_id;
    const PartitionState* before = topic->find(which.index);
    if (before == nullptr) return WireError::unknown_topic_or_partition;
    const NodeId id = request.broker_id;
    if (!contains(before->replicas, id)) return WireError::not_leader_or_follower;
    ChangeScope scope = scope_of(*topic, ElectionKind::online);
    PartitionTarget target{.directory = std::pair{id, directory}};
    const Broker& broker = *image_.find_broker(id);
    const auto at = std::find(before->replicas.begin(), before->replicas.end(), id);
    const auto index = static_cast<std::size_t>(at - before->replicas.begin());
    const bool was_lost = index < before->directories.size() &&
                          !is_directory_online(broker, before->directories[index]);
    if (was_lost) {
        // Nothing was copied out of a directory that is gone: the log begins anew.
        scope.presence.unclean = id;
        target.isr = without(before->isr, {id});
    } else if (!is_directory_online(broker, directory)) {
        // A replica in a directory that is offline is as good as gone.
        scope.presence.leaves = id;
        target.isr = without(before->isr, {id});
    }
    auto change = change_partition(which, *before, target, scope);
    if (change) records.emplace_back(std::move(*change));
    return WireError::none;
}

Response Controller::decide(const AssignReplicasToDirsRequest& request,
                            const Moment& /*at*/,
                            Records& records) {
    AssignReplicasToDirsResponse response;
    if (is_stale(request.broker_id, request.broker_epoch)) {
        response.error_code = WireError::stale_broker_epoch;
        return response;
    }
    for (const auto& directory : request.directories) {
        auto& answer = response.directories.emplace_back();
        answer.id = directory.id;
        for (const auto& topic : directory.topics) {
            auto& answered = answer.topics.emplace_back();
            answered.topic_id = topic.topic_id;
            for (const auto& partition : topic.partitions) {
                const PartitionRef which{topic.topic_id, partition.partition_index};
                auto& one = answered.partitions.emplace_back();
                one.partition_index = partition.partition_index;
                one.error_code = assign_directory(request, which, directory.id, records);
            }
        }
    }
    return response;
}

}  // namespace glasslog::metadata
