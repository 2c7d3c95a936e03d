// Elections of the controller: after a broker came or went, on request, and from time to time.
// Sources: KIP-460, KIP-966; docs/metadata.md, "Elections".

#include "core/metadata/controller.hpp"
#include "core/metadata/node_sets.hpp"

#include <fmt/format.h>

#include <utility>

namespace glasslog::metadata {

namespace {

using protocol::ElectionType;
using protocol::ElectLeadersRequest;
using protocol::ElectLeadersResponse;
using protocol::WireError;

// Calls visit(index, partition) for each partition until it says no.
template <typename Visit>
bool for_each_partition(const Topic& topic, Visit visit) {
    for (std::size_t at = 0; at < topic.partitions.size(); ++at) {
        const PartitionIndex index(static_cast<std::int32_t>(at));
        if (!visit(index, topic.partitions[at])) return false;
    }
    return true;
}

}  // namespace

std::int64_t Controller::min_isr(const Topic& topic) const {
    return topic_number(cluster_layers(), topic.name, "min.insync.replicas");
}

bool Controller::allows_unclean_election(const Topic& topic) const {
    return topic_flag(cluster_layers(), topic.name, "unclean.leader.election.enable");
}

ChangeScope Controller::scope_of(const Topic& topic, ElectionKind kind) const {
    return {.image = image_,
            .rules = options_.rules,
            .has_elr = has_elr(),
            .min_isr = min_isr(topic),
            .election = kind,
            .presence = {}};
}

// Takes who leaves out of the in-sync sets of what is affected, and elects where nobody leads or
// the leader leaves. A scan of all partitions: brokers come and go rarely.
void Controller::update_leaders(const Presence& presence,
                                const Affected& affected,
                                Records& records) const {
    const std::vector<NodeId> gone{presence.leaves, presence.unclean};
    image_.topics_by_id.for_each([&](const Uuid& id, const TopicPtr& topic) {
        std::optional<ChangeScope> scope;
        for_each_partition(*topic, [&](PartitionIndex index, const PartitionState& before) {
            if (!affected(before)) return true;
            if (!scope) {
                const bool is_unclean = allows_unclean_election(*topic);
                scope.emplace(
                    scope_of(*topic, is_unclean ? ElectionKind::unclean : ElectionKind::online));
                scope->presence = presence;
            }
            const PartitionTarget target{.isr = without(before.isr, gone)};
            auto change = change_partition({id, index}, before, target, *scope);
            if (change) records.emplace_back(std::move(*change));
            return true;
        });
    });
}

Controller::Outcome Controller::elect_leader(const Topic& topic,
                                             PartitionIndex index,
                                             ElectionKind kind,
                                             Records& records) const {
    const PartitionState* before = topic.find(index);
    if (before == nullptr) {
        return {WireError::unknown_topic_or_partition,
                fmt::format("there is no partition {}-{}", topic.name, index)};
    }
    const bool is_preferred = kind == ElectionKind::preferred;
    const bool is_done =
        is_preferred ? before->leader == before->replicas.front() : before->leader != no_node;
    if (is_done) return {WireError::election_not_needed, "the partition has its leader"};
    auto change = change_partition({topic.id, index}, *before, {}, scope_of(topic, kind));
    if (!change) {
        return is_preferred
                   ? Outcome{WireError::preferred_leader_not_available,
                             "the preferred leader is not alive and in sync"}
                   : Outcome{WireError::eligible_leaders_not_available, "no replica is alive"};
    }
    records.emplace_back(std::move(*change));
    return {};
}

namespace {

ElectLeadersResponse::Partition election_answer(PartitionIndex index,
                                                WireError error,
                                                std::optional<std::string> message) {
    ElectLeadersResponse::Partition answer;
    answer.partition_id = index;
    answer.error_code = error;
    answer.error_message = std::move(message);
    return answer;
}

// A type that no version has: for the whole and for each partition.
ElectLeadersResponse unknown_election(const ElectLeadersRequest& request) {
    ElectLeadersResponse response;
    response.error_code = WireError::invalid_request;
    if (!request.topic_partitions) return response;
    const auto message =
        fmt::format("{} is no type of an election", static_cast<int>(request.election_type));
    for (const auto& asked : *request.topic_partitions) {
        auto& answer = response.replica_election_results.emplace_back();
        answer.topic = asked.topic;
        for (const PartitionIndex index : asked.partitions) {
            answer.partition_result.push_back(
                election_answer(index, WireError::invalid_request, message));
        }
    }
    return response;
}

}  // namespace

Response Controller::decide(const ElectLeadersRequest& request,
                            const Moment& /*at*/,
                            Records& records) {
    const bool is_preferred = request.election_type == ElectionType::preferred;
    if (!is_preferred && request.election_type != ElectionType::unclean) {
        return unknown_election(request);
    }
    const ElectionKind kind = is_preferred ? ElectionKind::preferred : ElectionKind::unclean;
    ElectLeadersResponse response;
    if (!request.topic_partitions) {
        // All partitions; those that need no election are not told.
        image_.topics.for_each([&](const std::string& name, const TopicPtr& topic) {
            auto& answer = response.replica_election_results.emplace_back();
            answer.topic = name;
            for_each_partition(*topic, [&](PartitionIndex index, const PartitionState& /*state*/) {
                auto [error, message] = elect_leader(*topic, index, kind, records);
                if (error == WireError::election_not_needed) return true;
                answer.partition_result.push_back(
                    election_answer(index, error, std::move(message)));
                return true;
            });
        });
        return response;
    }
    for (const auto& asked : *request.topic_partitions) {
        auto& answer = response.replica_election_results.emplace_back();
        answer.topic = asked.topic;
        const Topic* topic = image_.find_topic(asked.topic);
        for (const PartitionIndex index : asked.partitions) {
            Outcome outcome{WireError::unknown_topic_or_partition,
                            fmt::format("there is no topic {}", asked.topic)};
            if (topic != nullptr) outcome = elect_leader(*topic, index, kind, records);
            answer.partition_result.push_back(
                election_answer(index, outcome.error, std::move(outcome.message)));
        }
    }
    return response;
}

// Leaders that are not the preferred ones, back to these where they are alive and in sync.
void Controller::move_leaders_back(Records& records) const {
    image_.topics_by_id.for_each([&](const Uuid& /*id*/, const TopicPtr& topic) {
        for_each_partition(*topic, [&](PartitionIndex index, const PartitionState& state) {
            if (records.size() >= options_.elections_per_pass_max) return false;
            if (state.leader == no_node || state.leader == state.replicas.front()) return true;
            ignore(elect_leader(*topic, index, ElectionKind::preferred, records),
                   "who is not available is tried again");
            return true;
        });
    });
}

void Controller::elect_uncleanly(Records& records) const {
    image_.topics_by_id.for_each([&](const Uuid& /*id*/, const TopicPtr& topic) {
        std::optional<bool> is_allowed;
        for_each_partition(*topic, [&](PartitionIndex index, const PartitionState& state) {
            if (records.size() >= options_.elections_per_pass_max) return false;
            if (state.leader != no_node) return true;
            if (!is_allowed) is_allowed = allows_unclean_election(*topic);
            if (!*is_allowed) return false;
            ignore(elect_leader(*topic, index, ElectionKind::unclean, records),
                   "who is not available is tried again");
            return true;
        });
    });
}

}  // namespace glasslog::metadata
