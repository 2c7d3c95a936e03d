// One step of a machine, and what it wants done, in the order of docs/architecture.md.

#include "core/base/overloaded.hpp"
#include "sim/direct/token.hpp"
#include "sim/direct/world.hpp"
#include "sim/invariants/leader_append_only.hpp"
#include "sim/invariants/linearizable_read.hpp"
#include "sim/invariants/lone_voter_durable.hpp"
#include "sim/invariants/no_committed_truncation.hpp"
#include "sim/invariants/only_committed_visible.hpp"
#include "sim/invariants/ready_at_epoch_start.hpp"
#include "sim/invariants/replica_determinism.hpp"
#include "sim/invariants/snapshot_prefix.hpp"
#include "sim/invariants/state_machine_safety.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::sim::direct {
namespace {

constexpr std::size_t batches_per_answer_max = 3;

}  // namespace

void World::step(Node& node, const raft::Event& event) {
    ++steps_;
    const raft::Mark before = raft::mark(node.state());
    raft::Effects effects = node.machine->step(node.clock, event);
    const bool starts_to_lead =
        node.state().role == raft::Role::leader &&
        (before.role != raft::Role::leader || before.epoch != node.state().epoch);
    if (starts_to_lead) see_leader(node);
    const bool has_new_voters = change_log(node, effects, event);
    if (effects.save) node.disk.save(*effects.save);
    if (effects.sync) queue_sync(node, effects);
    // As the driver: nothing waits for a sync that the step does not ask for.
    for (auto* const messages : {&effects.send, &effects.send_after_sync}) {
        for (raft::Send& message : *messages)
            send(node, std::move(message));
    }
    for (auto* const answers : {&effects.reply, &effects.reply_after_sync}) {
        for (raft::Reply& one : *answers)
            reply(node, std::move(one));
    }
    for (raft::ReplyFromLog& one : effects.reply_from_log)
        reply_from_log(node, one);
    for (raft::ReplyFromSnapshot& one : effects.reply_from_snapshot)
        reply_from_snapshot(node, one);
    if (effects.write_snapshot) write_snapshot(node, *effects.write_snapshot);
    if (has_new_voters) see_voters(node);
    if (node.state().high_watermark != before.high_watermark) see_high_watermark(node, before);
    if (effects.log_start) node.disk.drop_below(*effects.log_start);
    if (effects.apply_upto) apply_records(node, *effects.apply_upto);
    if (effects.wake_at) node.wake_at = *effects.wake_at;
    see_step(node, before, effects);
    if (!effects.fatal) return;
    note(Theorem::no_committed_truncation,
         fmt::format("node {} is told to cut its log below its high watermark {}",
                     node.id,
                     node.state().high_watermark));
    apply({.verb = Verb::crash, .node = static_cast<std::uint8_t>(node.id.value())});
}

// ------------------------------------------------------------------------------------------ log

void World::truncate(Node& node, Offset to) {
    const raft::State& state = node.state();
    const std::span<const LoggedBatch> log = node.disk.log();
    const auto first = std::ranges::upper_bound(log, to, {}, &LoggedBatch::end);
    if (first != log.end()) {
        note(Theorem::no_committed_truncation,
             no_committed_truncation(node.id, state.epoch, *first, theorems_.committed));
    }
    node.disk.truncate(to);
    drop_waiting(node, to);
}

// What waits for the sync of an append that is cut away will not be said.
void World::drop_waiting(Node& node, Offset to) {
    for (PendingSync& pending : node.pending) {
        pending.upto = std::min(pending.upto, to);
        if (pending.appended_end == no_offset || pending.appended_end <= to) continue;
        pending.sends.clear();
        pending.replies.clear();
    }
}

// True when the leader appended new voters.
bool World::change_log(Node& node, const raft::Effects& effects, const raft::Event& event) {
    const raft::State& state = node.state();
    if (effects.truncate) {
        const bool leads = state.role == raft::Role::leader;
        note(Theorem::leader_append_only, leader_append_only(node.id, leads, *effects.truncate));
        truncate(node, *effects.truncate);
    }
    bool has_new_voters = false;
    for (const raft::Append& append : effects.append) {
        if (append.base != node.disk.log_end()) {
            note(Theorem::local_sanity,
                 fmt::format("node {} appends at {}, and its log ends at {}",
                             node.id,
                             append.base,
                             node.disk.log_end()));
            return has_new_voters;
        }
        const bool is_own = !std::holds_alternative<raft::Fetched>(append.content);
        has_new_voters |= std::holds_alternative<raft::VotersChange>(append.content);
        const LoggedBatch batch = batch_of(node, append, event);
        if (is_own) {
            theorems_.logs.see_written(batch);
        } else {
            note(Theorem::log_matching, theorems_.logs.see_copied(node.id, batch));
        }
        node.disk.append(batch);
    }
    return has_new_voters;
}

LoggedBatch World::batch_of(const Node& node,
                            const raft::Append& append,
                            const raft::Event& event) {
    LoggedBatch batch{append.base, append.end, append.epoch};
    if (const auto* const fetched = std::get_if<raft::Fetched>(&append.content)) {
        const auto* const answer = std::get_if<raft::Answered>(&event);
        CHECK(answer != nullptr);
        const auto* const response = std::get_if<raft::FetchResponse>(&answer->response);
        CHECK(response != nullptr);
        const raft::Batch& copied = response->batches.at(fetched->index);
        batch.digest = copied.digest;
        if (copied.voters || copied.kraft_version)
            batch.config = config_of(copied.voters, copied.kraft_version);
    } else {
        // Two batches of one life at one offset of one epoch cannot be.
        batch.digest = StableHash()
                           .add(static_cast<std::uint64_t>(node.id.value()))
                           .add(node.life)
                           .add(static_cast<std::uint64_t>(append.epoch.value()))
                           .add(static_cast<std::uint64_t>(append.base.value()))
                           .add(append.content.index())
                           .value();
    }
    if (const auto* const change = std::get_if<raft::VotersChange>(&append.content))
        batch.config = config_of(change->voters, change->kraft_version);
    const auto* const first = std::get_if<raft::LeaderChange>(&append.content);
    if (first != nullptr && first->writes_voters)
        batch.config = config_of(first->voters, first->kraft_version);
    batch.chain = chain_after(node.disk.last_chain(), batch);
    return batch;
}

std::uint32_t World::config_of(const std::optional<raft::VoterSet>& voters,
                               std::optional<std::int16_t> kraft_version) {
    for (std::size_t i = 0; i < configs_.size(); ++i) {
        if (configs_[i].voters == voters && configs_[i].kraft_version == kraft_version)
            return static_cast<std::uint32_t>(i + 1);
    }
    configs_.push_back({voters, kraft_version});
    return static_cast<std::uint32_t>(configs_.size());
}

raft::Batch World::batch_from(const LoggedBatch& logged) const {
    raft::Batch batch{logged.base, logged.end, logged.epoch, logged.digest, {}, {}};
    if (logged.config == 0) return batch;
    const Config& config = configs_[logged.config - 1];
    batch.voters = config.voters;
    batch.kraft_version = config.kraft_version;
    return batch;
}

void World::queue_sync(Node& node, raft::Effects& effects) {
    PendingSync pending;
    pending.point = node.disk.point();
    pending.upto = node.disk.log_end();
    if (!effects.append.empty()) pending.appended_end = effects.append.back().end;
    pending.sends = std::exchange(effects.send_after_sync, {});
    pending.replies = std::exchange(effects.reply_after_sync, {});
    node.pending.push_back(std::move(pending));
}

// -------------------------------------------------------------------------------------- network

void World::put(Flight flight, Body body) {
    const std::size_t link =
        (flight.name.from - std::size_t{1}) * nodes_.size() + flight.name.to - 1;
    flight.name.n = ++sent_[link * 32 + flight.name.kind];
    flight.due = Instant{};
    if (free_bodies_.empty()) {
        flight.body = static_cast<std::uint32_t>(bodies_.size());
        bodies_.push_back(std::move(body));
    } else {
        flight.body = free_bodies_.back();
        free_bodies_.pop_back();
        bodies_[flight.body] = std::move(body);
    }
    flights_.push_back(flight);
}

void World::send(Node& node, raft::Send send) {
    const std::int32_t id = send.to.value();
    const std::int32_t number = id < -1 ? -1 - id : id;  // -2 is the first bootstrap server
    if (number < 1 || number > static_cast<std::int32_t>(nodes_.size())) return;
    if (const auto* const vote = std::get_if<raft::VoteRequest>(&send.request)) {
        if (!vote->is_pre_vote) see_vote(node, vote->epoch, node.id);
    }
    Flight flight;
    flight.name.from = static_cast<std::uint8_t>(node.id.value());
    flight.name.to = static_cast<std::uint8_t>(number);
    flight.name.kind = static_cast<std::uint8_t>(send.request.index());
    flight.sender_life = node.life;
    put(flight, Body{std::move(send.request), send.id, std::nullopt});
}

void World::reply(Node& node, raft::Reply reply) {
    if (auto* const response = std::get_if<raft::Response>(&reply.answer)) {
        return answer(node, reply.token, std::move(*response), std::nullopt);
    }
    const auto* const read = std::get_if<raft::ReadReply>(&reply.answer);
    if (read == nullptr || read->error != protocol::WireError::none) return;
    const Offset asked = reads_[unpack(reply.token).request];
    note(Theorem::linearizable_read, linearizable_read(node.id, asked, read->high_watermark));
}

void World::answer(Node& node,
                   raft::RequestToken packed,
                   raft::Response response,
                   std::optional<Snapshot> snapshot) {
    const Token token = unpack(packed);
    if (token.asker == client_number) return;
    const auto* const vote = std::get_if<raft::VoteResponse>(&response);
    if (vote != nullptr && vote->is_granted && !token.is_pre_vote)
        see_vote(node, vote->view.epoch, NodeId(token.asker));
    Flight flight;
    flight.name.from = static_cast<std::uint8_t>(node.id.value());
    flight.name.to = token.asker;
    flight.name.kind = static_cast<std::uint8_t>(first_answer_kind + response.index());
    flight.sender_life = node.life;
    flight.target_life = token.life;
    put(flight, Body{std::move(response), raft::RequestId(token.request), std::move(snapshot)});
}

void World::reply_from_log(Node& node, raft::ReplyFromLog& reply) {
    const std::span<const LoggedBatch> log = node.disk.log();
    auto at = std::ranges::lower_bound(log, reply.offset, {}, &LoggedBatch::base);
    if (at == log.end() || at->base != reply.offset) {
        note(Theorem::local_sanity,
             fmt::format("node {} answers from {}, where no batch begins", node.id, reply.offset));
        return;
    }
    const bool is_lone = node.state().voters().size() == 1 && node.state().is_voter();
    for (; at != log.end() && at->end <= reply.upto; ++at) {
        note(Theorem::epoch_offset_unique, theorems_.sent.see_sent(node.id, *at));
        if (is_lone) {
            note(Theorem::lone_voter_durable,
                 lone_voter_durable(node.id, at->end, node.disk.durable_end()));
        }
        reply.head.batches.push_back(batch_from(*at));
        if (reply.head.batches.size() == batches_per_answer_max) break;
    }
    answer(node, reply.token, std::move(reply.head), std::nullopt);
}

// ------------------------------------------------------------------------------------ snapshots

void World::reply_from_snapshot(Node& node, raft::ReplyFromSnapshot& reply) {
    const auto found = std::ranges::find_if(node.snapshots, [&](const Snapshot& one) {
        return one.id == reply.id;
    });
    const std::int64_t size = options_.snapshot_chunks;  // each chunk is one byte
    std::optional<Snapshot> content;
    if (found == node.snapshots.end()) {
        reply.head.error = protocol::WireError::snapshot_not_found;
    } else if (reply.position >= size) {
        reply.head.error = protocol::WireError::position_out_of_range;
    } else {
        content = *found;
        reply.head.size = size;
        reply.head.byte_count = 1;
    }
    answer(node, reply.token, reply.head, std::move(content));
}

void World::write_snapshot(Node& node, const raft::WriteSnapshot& write) {
    if (!arriving_ || (write.position != 0 && write.position != node.partial)) {
        note(Theorem::local_sanity, fmt::format("node {} writes a snapshot at a hole", node.id));
        return;
    }
    node.partial = write.position + 1;
    if (!write.is_last) return;
    PendingSync pending;
    pending.point = node.disk.point();
    pending.upto = Offset(0);
    pending.installs = std::move(arriving_);
    node.pending.push_back(std::move(pending));
}

void World::install(Node& node, const Snapshot& snapshot) {
    const Offset end = snapshot.id.end;
    const SnapshotFacts facts{end, snapshot.id.epoch, snapshot.fold};
    note(Theorem::snapshot_prefix, snapshot_prefix(node.id, facts, theorems_.committed));
    note(Theorem::snapshot_prefix,
         keeps_matching_suffix(node.id, end, node.disk.log(), theorems_.committed));
    node.disk.begin_at(end, snapshot.chain);
    drop_waiting(node, end);
    node.snapshots.assign(1, snapshot);
    node.applied = end;
    node.fold = snapshot.fold;
    ++bites_[static_cast<std::size_t>(Bite::install)];
    step(node, raft::SnapshotInstalled{snapshot.id, snapshot.voters});
}

void World::apply_records(Node& node, Offset upto) {
    note(Theorem::only_committed_visible,
         only_committed_visible(node.id, upto, theorems_.committed.end()));
    const std::span<const LoggedBatch> log = node.disk.log();
    auto at = std::ranges::lower_bound(log, node.applied, {}, &LoggedBatch::base);
    for (; at != log.end() && at->end <= upto; ++at) {
        note(Theorem::state_machine_safety,
             state_machine_safety(node.id, *at, theorems_.committed));
        node.fold = fold_after(node.fold, *at);
        node.applied = at->end;
    }
    note(Theorem::replica_determinism,
         replica_determinism(node.id, node.applied, node.fold, theorems_.committed));
}

}  // namespace glasslog::sim::direct
