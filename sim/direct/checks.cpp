// What a direct world tells the theorems after a step.

#include "sim/direct/world.hpp"
#include "sim/invariants/commit_monotonic.hpp"
#include "sim/invariants/config_overlap.hpp"
#include "sim/invariants/leader_completeness.hpp"
#include "sim/invariants/local_sanity.hpp"
#include "sim/invariants/quorum_backed.hpp"
#include "sim/invariants/ready_at_epoch_start.hpp"
#include "sim/invariants/removed_leader_resigns.hpp"
#include "sim/invariants/snapshot_at_log_start.hpp"
#include "sim/invariants/vote_durable.hpp"
#include "sim/invariants/voter_caught_up.hpp"

#include <algorithm>

namespace glasslog::sim::direct {
namespace {

// True when the disk holds for sure what a leader has below `end`.
bool holds_durably(const NodeDisk& disk, Offset end, std::uint64_t chain) {
    if (disk.log_start() >= end) return true;
    if (disk.durable_end() < end) return false;
    const LoggedBatch* const own = batch_ending_at(disk.log(), end);
    return own != nullptr && own->chain == chain;
}

}  // namespace

// It leaves the node.
void World::see_vote(const Node& node, LeaderEpoch epoch, NodeId candidate) {
    note(Theorem::vote_once, theorems_.votes.see_vote(node.id, epoch, candidate));
    const raft::QuorumState& durable = node.disk.durable_quorum();
    note(Theorem::vote_durable,
         vote_durable(node.id, {epoch, candidate}, {durable.epoch, durable.voted.id}));
}

// Before its first batch of the epoch is written.
void World::see_leader(const Node& node) {
    const LeaderEpoch epoch = node.state().epoch;
    note(Theorem::election_safety, theorems_.elections.see_leader(node.id, epoch));
    note(Theorem::leader_completeness,
         leader_completeness(epoch, node.disk.log(), node.disk.log_start(), theorems_.committed));
}

void World::see_high_watermark(const Node& node, const raft::Mark& before) {
    const raft::State& state = node.state();
    const Offset upto = state.high_watermark;
    note(Theorem::commit_monotonic, commit_monotonic(node.id, before.high_watermark, upto));
    // A leader that removed itself resigns in the very step that commits.
    const bool led = before.role == raft::Role::leader || state.role == raft::Role::leader;
    if (!led) return;
    if (state.role == raft::Role::leader && !state.is_voter()) {
        note(Theorem::removed_leader_resigns,
             removed_leader_resigns(node.id, state.voter_history.back().offset, upto));
    }
    if (state.leading.has_committed) {
        note(Theorem::ready_at_epoch_start,
             ready_at_epoch_start(node.id, state.leading.epoch_start, upto));
    }
    const LoggedBatch* const last = batch_ending_at(node.disk.log(), upto);
    if (last == nullptr) return;
    Backing backing{0, state.voters().majority()};
    for (const raft::Voter& voter : state.voters().all()) {
        const auto number = static_cast<std::size_t>(voter.voter_id.value());
        if (number > nodes_.size()) continue;
        const Node& one = this->node(number);
        const Uuid directory = voter.voter_directory_id;
        const bool is_same = directory.is_zero() || directory == one.key.directory;
        const bool is_lost = !is_same && directory == one.lost_directory;
        if (is_same && holds_durably(one.disk, upto, last->chain)) ++backing.durable_count;
        // What a disk held before it was lost had been promised, and cannot be voted away.
        if (is_lost && holds_durably(one.lost_disk, upto, last->chain)) ++backing.durable_count;
    }
    note(Theorem::quorum_backed, quorum_backed(node.id, upto, backing));
    if (state.leading.has_committed)
        note(Theorem::commit_monotonic, commit_kept(state.epoch, upto, theorems_.committed));
    note(Theorem::state_machine_safety,
         theorems_.committed.commit(state.epoch, node.disk.log(), upto));
}

VoterMask World::mask_of(const raft::VoterSet& voters) const {
    VoterMask mask{0, static_cast<std::uint32_t>(voters.size())};
    for (const raft::Voter& voter : voters.all()) {
        const auto number = static_cast<std::size_t>(voter.voter_id.value());
        if (number > nodes_.size()) continue;
        const Node& one = node(number);
        const bool is_same =
            voter.voter_directory_id.is_zero() || voter.voter_directory_id == one.key.directory;
        if (is_same) mask.members |= 1U << (number - 1);
    }
    return mask;
}

ConfigHolder World::holder(const Node& node) const {
    ConfigHolder holder{.node = node.id,
                        .epoch = node.disk.durable_quorum().epoch,
                        .last_epoch = LeaderEpoch(0),
                        .log_end = node.disk.log_end(),
                        .voters = {}};
    const std::span<const LoggedBatch> log = node.disk.log();
    if (!log.empty()) {
        holder.last_epoch = log.back().epoch;
    } else if (!node.snapshots.empty()) {
        holder.last_epoch = node.snapshots.back().id.epoch;
    }
    if (node.is_up()) {
        holder.epoch = node.state().epoch;
        holder.voters = mask_of(node.state().voters());
    } else {
        holder.voters = mask_of(open(node).voters.back().voters);
    }
    return holder;
}

// The disk that votes counts, if it is another one by now.
void World::see_added(const Node& leader, const raft::Voter& voter) {
    const auto number = static_cast<std::size_t>(voter.voter_id.value());
    if (number > nodes_.size()) return;
    const Node& added = node(number);
    const bool is_lost = voter.voter_directory_id == added.lost_directory;
    const NodeDisk& disk = is_lost ? added.lost_disk : added.disk;
    note(Theorem::voter_caught_up,
         voter_caught_up(added.id, leader.state().leading.epoch_start, disk.durable_end()));
}

// A leader has just appended new voters.
void World::see_voters(const Node& node) {
    ++bites_[static_cast<std::size_t>(Bite::voters_change)];
    const auto& history = node.state().voter_history;
    if (history.size() > 1) {
        note(Theorem::config_overlap,
             one_uncommitted_config(node.id,
                                    history[history.size() - 2].offset,
                                    node.state().high_watermark));
        const raft::VoterSet& before = history[history.size() - 2].voters;
        const std::int16_t level_before = history[history.size() - 2].kraft_version;
        if (history.back().kraft_version > level_before)
            ++bites_[static_cast<std::size_t>(Bite::upgrade)];
        for (const raft::Voter& voter : node.state().voters().all()) {
            if (!before.contains(raft::key_of(voter))) see_added(node, voter);
        }
    }
    std::array<ConfigHolder, nodes_max> holders;
    for (std::size_t i = 0; i < nodes_.size(); ++i)
        holders[i] = holder(nodes_[i]);
    note(Theorem::config_overlap,
         config_overlap(std::span(holders.data(), nodes_.size()),
                        static_cast<std::size_t>(node.id.value() - 1)));
}

void World::see_step(Node& node, const raft::Mark& before, const raft::Effects& effects) {
    const raft::State& state = node.state();
    const bool has_new_view = state.epoch != before.epoch || state.leader != before.leader ||
                              state.role != before.role || state.voted != before.voted;
    if (has_new_view && !effects.is_role_new && !effects.fatal)
        note(Theorem::local_sanity, fmt::format("node {} changes its role silently", node.id));
    if (effects.is_role_new) {
        note(Theorem::never_two_leaders_in_same_epoch,
             theorems_.beliefs.see_view(node.id, state.epoch, state.leader));
        const Face now = face_of(state);
        coverage_.see(node.face, now);
        node.face = now;
    }
    if (options_.is_checked) note(Theorem::local_sanity, local_sanity(node.id, before, state));
    if (state.log_start != before.log_start) {
        const bool has_snapshot = std::ranges::any_of(node.snapshots, [&](const Snapshot& one) {
            return one.id.end == state.log_start;
        });
        note(Theorem::snapshot_at_log_start,
             snapshot_at_log_start(node.id, state.log_start, has_snapshot));
    }
    digest_.add(static_cast<std::uint64_t>(node.id.value()) << 56 |
                static_cast<std::uint64_t>(state.role) << 48 |
                static_cast<std::uint64_t>(state.epoch.value()));
    digest_.add(node.disk.last_chain() ^ static_cast<std::uint64_t>(state.high_watermark.value()));
}

}  // namespace glasslog::sim::direct
