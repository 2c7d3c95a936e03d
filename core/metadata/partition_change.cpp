#include "core/metadata/partition_change.hpp"

#include "core/metadata/directories.hpp"
#include "core/metadata/elr.hpp"
#include "core/metadata/node_sets.hpp"

#include <algorithm>

namespace glasslog::metadata {

namespace {

constexpr NodeId leader_unchanged{-2};

std::vector<Uuid> directories_of(const Image& image,
                                 const PartitionState& before,
                                 const std::vector<NodeId>& replicas) {
    std::vector<Uuid> directories;
    for (const NodeId replica : replicas) {
        const auto at = std::find(before.replicas.begin(), before.replicas.end(), replica);
        const auto index = static_cast<std::size_t>(at - before.replicas.begin());
        directories.push_back(index < before.directories.size()
                                  ? before.directories[index]
                                  : default_directory(image, replica));
    }
    return directories;
}

class PartitionEditor {
public:
    PartitionEditor(const PartitionState& before,
                    const PartitionTarget& target,
                    const ChangeScope& scope)
        : before_(before), scope_(scope), after_(before) {
        if (target.isr) after_.isr = *target.isr;
        if (target.replicas) after_.replicas = *target.replicas;
        if (target.adding) after_.adding_replicas = *target.adding;
        if (target.removing) after_.removing_replicas = *target.removing;
        if (target.leader_recovery_state) {
            after_.leader_recovery_state = *target.leader_recovery_state;
        }
        complete_reassignment();
        after_.directories = directories_of(scope.image, before, after_.replicas);
        if (target.directory) put_directory(target.directory->first, target.directory->second);
        follow_elr();
        elect_leader();
        remember_leader();
    }

    protocol::PartitionChangeRecord record(const PartitionRef& which) const {
        protocol::PartitionChangeRecord record;
        record.topic_id = which.topic;
        record.partition_id = which.index;
        const auto set = [](auto& field, const auto& before, const auto& after) {
            if (before != after) field = after;
        };
        set(record.isr, before_.isr, after_.isr);
        set(record.replicas, before_.replicas, after_.replicas);
        set(record.adding_replicas, before_.adding_replicas, after_.adding_replicas);
        set(record.removing_replicas, before_.removing_replicas, after_.removing_replicas);
        set(record.leader_recovery_state,
            before_.leader_recovery_state,
            after_.leader_recovery_state);
        set(record.directories, before_.directories, after_.directories);
        set(record.eligible_leader_replicas,
            before_.eligible_leader_replicas,
            after_.eligible_leader_replicas);
        set(record.last_known_elr, before_.last_known_elr, after_.last_known_elr);
        set(record.leader, before_.leader, after_.leader);
        // A leader that has not heard of a replica's removal must not count it any more.
        const bool loses_replica = !contains_all(after_.replicas, before_.replicas);
        const bool bumps = scope_.rules.reassignment_epoch == ReassignmentEpochRule::removal_bumps;
        if (loses_replica && bumps) record.leader = after_.leader;
        return record;
    }

private:
    // Complete when every replica that stays is in sync, and the in-sync set survives the rest.
    void complete_reassignment() {
        if (!is_reassigning(after_)) return;
        const auto replicas = without(after_.replicas, after_.removing_replicas);
        const auto isr = without(after_.isr, after_.removing_replicas);
        if (isr.empty() || !contains_all(isr, replicas)) return;
        after_.replicas = replicas;
        after_.isr = isr;
        after_.adding_replicas.clear();
        after_.removing_replicas.clear();
    }

    void put_directory(NodeId node, const Uuid& directory) {
        for (std::size_t at = 0; at < after_.replicas.size(); ++at) {
            if (after_.replicas[at] == node) after_.directories[at] = directory;
        }
    }

    void follow_elr() {
        auto& elr = after_.eligible_leader_replicas;
        if (!scope_.has_elr) {
            elr.clear();
            return;
        }
        std::vector<NodeId> unclean;
        if (scope_.rules.unclean_restart == UncleanRestartRule::loses_eligibility) {
            unclean.push_back(scope_.presence.unclean);
        }
        const auto replica_count = static_cast<std::int64_t>(after_.replicas.size());
        elr = next_elr({.elr = before_.eligible_leader_replicas,
                        .isr_before = before_.isr,
                        .isr_after = after_.isr,
                        .unclean = unclean,
                        .min_isr = std::min(scope_.min_isr, replica_count)});
        std::erase_if(elr, [&](NodeId node) { return !contains(after_.replicas, node); });
    }

    bool is_acceptable(std::size_t at) const {
        const NodeId node = after_.replicas[at];
        const Presence& presence = scope_.presence;
        if (node == presence.leaves || node == presence.unclean) return false;
        const Broker* broker = scope_.image.find_broker(node);
        if (broker == nullptr) return false;
        if (node != presence.returns && !is_active(scope_.image, node)) return false;
        return is_directory_online(*broker, after_.directories[at]);
    }

    void elect_leader() {
        Ballot ballot{.replicas = after_.replicas,
                      .isr = after_.isr,
                      .eligible = {},
                      .last_known = {},
                      .acceptable = {},
                      .leader = before_.leader};
        if (scope_.has_elr) {
            ballot.eligible = after_.eligible_leader_replicas;
            ballot.last_known = before_.last_known_elr;
        }
        for (std::size_t at = 0; at < after_.replicas.size(); ++at) {
            if (is_acceptable(at)) ballot.acceptable.push_back(after_.replicas[at]);
        }
        const bool takes_anyone = scope_.rules.election == ElectionRule::any_live_replica;
        const Election election =
            elect(ballot, takes_anyone ? ElectionKind::unclean : scope_.election);
        after_.leader = election.leader;
        if (election.from == ElectedFrom::eligible) {
            after_.isr = {election.leader};
            after_.eligible_leader_replicas = without(after_.eligible_leader_replicas, after_.isr);
        } else if (election.is_unclean()) {
            after_.isr = {election.leader};
            after_.eligible_leader_replicas.clear();
            after_.leader_recovery_state = leader_recovering;
        }
        keep_last_member();
    }

    // Without eligible leader replicas the last member stays in sync, and nobody leads.
    void keep_last_member() {
        if (!after_.isr.empty()) return;
        const bool stays = scope_.rules.last_member == LastMemberRule::stays_in_sync;
        if (scope_.has_elr && !stays) return;
        after_.isr = before_.isr;
        std::erase_if(after_.isr, [&](NodeId node) { return !contains(after_.replicas, node); });
        // A cancelled reassignment that nobody of the replicas before is in sync for.
        if (after_.isr.empty() && !before_.isr.empty()) after_.isr = {after_.replicas.front()};
        after_.eligible_leader_replicas = without(after_.eligible_leader_replicas, after_.isr);
    }

    void remember_leader() {
        if (!scope_.has_elr) {
            after_.last_known_elr.clear();
            return;
        }
        after_.last_known_elr = next_last_known({.last_known = before_.last_known_elr,
                                                 .leader_before = before_.leader,
                                                 .leader_after = after_.leader,
                                                 .is_isr_empty = after_.isr.empty()});
    }

    const PartitionState& before_;
    const ChangeScope& scope_;
    PartitionState after_;
};

bool is_empty(const protocol::PartitionChangeRecord& record) {
    protocol::PartitionChangeRecord nothing;
    nothing.topic_id = record.topic_id;
    nothing.partition_id = record.partition_id;
    return record == nothing;
}

}  // namespace

std::optional<protocol::PartitionChangeRecord> change_partition(const PartitionRef& which,
                                                                const PartitionState& before,
                                                                const PartitionTarget& target,
                                                                const ChangeScope& scope) {
    auto record = PartitionEditor(before, target, scope).record(which);
    if (is_empty(record)) return std::nullopt;
    return record;
}

void apply_change(PartitionState& partition, const protocol::PartitionChangeRecord& change) {
    if (change.isr) partition.isr = *change.isr;
    if (change.replicas) partition.replicas = *change.replicas;
    if (change.removing_replicas) partition.removing_replicas = *change.removing_replicas;
    if (change.adding_replicas) partition.adding_replicas = *change.adding_replicas;
    if (change.directories) partition.directories = *change.directories;
    if (change.eligible_leader_replicas) {
        partition.eligible_leader_replicas = *change.eligible_leader_replicas;
    }
    if (change.last_known_elr) partition.last_known_elr = *change.last_known_elr;
    if (change.leader_recovery_state >= 0) {
        partition.leader_recovery_state = change.leader_recovery_state;
    }
    ++partition.partition_epoch;
    if (change.leader == leader_unchanged) return;
    partition.leader = change.leader;
    ++partition.leader_epoch;
}

}  // namespace glasslog::metadata
