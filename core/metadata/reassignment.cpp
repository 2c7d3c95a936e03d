// Reassignment of the controller: replicas move to other brokers while the partition is served.
// From R to T it is first T followed by R without T; when all of T is in sync, the rest goes
// (partition_change.hpp). Source: KIP-455, KIP-860.

#include "core/metadata/controller.hpp"
#include "core/metadata/node_sets.hpp"

#include <fmt/format.h>

#include <utility>

namespace glasslog::metadata {

namespace {

using protocol::AlterPartitionReassignmentsRequest;
using protocol::AlterPartitionReassignmentsResponse;
using protocol::ListPartitionReassignmentsRequest;
using protocol::ListPartitionReassignmentsResponse;
using protocol::WireError;

using Wanted = AlterPartitionReassignmentsRequest::Partition;

std::optional<std::string> target_complaint(const Image& image, const std::vector<NodeId>& target) {
    if (target.empty()) return "a partition is assigned to no broker";
    if (has_repeats(target)) return "a partition is assigned to one broker twice";
    for (const NodeId id : target) {
        if (image.find_broker(id) == nullptr) {
            return fmt::format("a partition is assigned to broker {}, which is unknown", id);
        }
    }
    return std::nullopt;
}

// What a reassignment that begins, or begins anew, leaves to do.
PartitionTarget towards(const PartitionState& before, const std::vector<NodeId>& target) {
    const auto original = without(before.replicas, before.adding_replicas);
    const auto removing = without(before.replicas, target);
    std::vector<NodeId> replicas = target;
    replicas.insert(replicas.end(), removing.begin(), removing.end());
    return {.replicas = std::move(replicas),
            .adding = without(target, original),
            .removing = removing};
}

}  // namespace

// Back to the replicas before. Whoever was added leaves the in-sync set; if nobody is left in it,
// the election is unclean and must be allowed.
Controller::Outcome Controller::cancel_reassignment(const Topic& topic,
                                                    PartitionIndex index,
                                                    Records& records) const {
    const PartitionState& before = *topic.find(index);
    if (!is_reassigning(before)) return {WireError::no_reassignment_in_progress, std::nullopt};
    PartitionTarget target;
    target.replicas = without(before.replicas, before.adding_replicas);
    target.isr = without(before.isr, before.adding_replicas);
    target.adding.emplace();
    target.removing.emplace();
    const bool is_unclean = allows_unclean_election(topic);
    if (target.isr->empty() && !before.isr.empty()) {
        if (!is_unclean) {
            return {WireError::invalid_replica_assignment,
                    "no replica of the assignment before is in sync, and the topic allows no "
                    "unclean election"};
        }
    }
    auto change = change_partition(
        {topic.id, index},
        before,
        target,
        scope_of(topic, is_unclean ? ElectionKind::unclean : ElectionKind::online));
    if (change) records.emplace_back(std::move(*change));
    return {};
}

Controller::Outcome Controller::reassign(const AlterPartitionReassignmentsRequest& request,
                                         const std::string& name,
                                         const Wanted& wanted,
                                         Records& records) const {
    const Topic* topic = image_.find_topic(name);
    if (topic == nullptr) {
        return {WireError::unknown_topic_or_partition, fmt::format("there is no topic {}", name)};
    }
    const PartitionState* before = topic->find(wanted.partition_index);
    if (before == nullptr) {
        return {WireError::unknown_topic_or_partition,
                fmt::format("there is no partition {}-{}", name, wanted.partition_index)};
    }
    if (!wanted.replicas) return cancel_reassignment(*topic, wanted.partition_index, records);
    if (auto complaint = target_complaint(image_, *wanted.replicas)) {
        return {WireError::invalid_replica_assignment, std::move(complaint)};
    }
    const std::size_t factor = before->replicas.size() - before->adding_replicas.size();
    const std::size_t wanted_factor = wanted.replicas->size();
    if (!request.allow_replication_factor_change && wanted_factor != factor) {
        return {WireError::invalid_replication_factor,
                fmt::format("{} replicas would become {}", factor, wanted_factor)};
    }
    if (wanted_factor > static_cast<std::size_t>(options_.max_replication_factor)) {
        return {WireError::invalid_replication_factor,
                fmt::format("at most {} replicas are possible", options_.max_replication_factor)};
    }
    auto change = change_partition({topic->id, wanted.partition_index},
                                   *before,
                                   towards(*before, *wanted.replicas),
                                   scope_of(*topic, ElectionKind::online));
    if (change) records.emplace_back(std::move(*change));
    return {};
}

Response Controller::decide(const AlterPartitionReassignmentsRequest& request,
                            const Moment& /*at*/,
                            Records& records) {
    AlterPartitionReassignmentsResponse response;
    response.allow_replication_factor_change = request.allow_replication_factor_change;
    for (const auto& topic : request.topics) {
        auto& answer = response.responses.emplace_back();
        answer.name = topic.name;
        for (const Wanted& wanted : topic.partitions) {
            auto [error, message] = reassign(request, topic.name, wanted, records);
            auto& one = answer.partitions.emplace_back();
            one.partition_index = wanted.partition_index;
            one.error_code = error;
            one.error_message = std::move(message);
        }
    }
    return response;
}

namespace {

void add_ongoing(const Topic& topic,
                 PartitionIndex index,
                 ListPartitionReassignmentsResponse::Topic& answer) {
    const PartitionState* state = topic.find(index);
    if (state == nullptr || !is_reassigning(*state)) return;
    auto& ongoing = answer.partitions.emplace_back();
    ongoing.partition_index = index;
    ongoing.replicas = state->replicas;
    ongoing.adding_replicas = state->adding_replicas;
    ongoing.removing_replicas = state->removing_replicas;
}

}  // namespace

Response Controller::decide(const ListPartitionReassignmentsRequest& request,
                            const Moment& /*at*/,
                            Records& /*records*/) {
    ListPartitionReassignmentsResponse response;
    const auto add = [&](const Topic& topic, const std::vector<PartitionIndex>& indexes) {
        ListPartitionReassignmentsResponse::Topic answer;
        answer.name = topic.name;
        for (const PartitionIndex index : indexes)
            add_ongoing(topic, index, answer);
        if (!answer.partitions.empty()) response.topics.push_back(std::move(answer));
    };
    if (request.topics) {
        for (const auto& asked : *request.topics) {
            const Topic* topic = image_.find_topic(asked.name);
            if (topic != nullptr) add(*topic, asked.partition_indexes);
        }
        return response;
    }
    image_.topics.for_each([&](const std::string& /*name*/, const TopicPtr& topic) {
        std::vector<PartitionIndex> all;
        for (std::size_t at = 0; at < topic->partitions.size(); ++at)
            all.emplace_back(static_cast<std::int32_t>(at));
        add(*topic, all);
    });
    return response;
}

}  // namespace glasslog::metadata
