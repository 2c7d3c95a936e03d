// What decides the future of a direct world, as one number. Times count as distances from the
// node's clock, ids of requests as distances from the newest, messages in flight as a set: two
// worlds that differ in nothing else are one.

#include "core/base/overloaded.hpp"
#include "sim/direct/token.hpp"
#include "sim/direct/world.hpp"

#include <algorithm>

namespace glasslog::sim::direct {
namespace {

// Adds values of the vocabulary to a hash.
class Words {
public:
    Words& add(std::uint64_t word) {
        hash_.add(word);
        return *this;
    }

    Words& add(Offset offset) { return add(static_cast<std::uint64_t>(offset.value())); }

    Words& add(LeaderEpoch epoch) { return add(static_cast<std::uint64_t>(epoch.value())); }

    Words& add(NodeId id) { return add(static_cast<std::uint64_t>(id.value())); }

    Words& add(const raft::ReplicaKey& key) { return add(key.id).add(key.directory.low); }

    Words& add(const raft::SnapshotId& id) { return add(id.end).add(id.epoch); }

    Words& add(const raft::View& view) { return add(view.epoch).add(view.leader); }

    Words& add(const raft::VoterSet& voters) {
        for (const raft::Voter& voter : voters.all())
            add(raft::key_of(voter));
        return add(voters.size());
    }

    Words& add(const raft::QuorumState& quorum) {
        return add(quorum.epoch).add(quorum.leader).add(quorum.voted);
    }

    Words& add(Instant at, Instant now) {
        if (at == Instant::never()) return add(UINT64_MAX);
        return add(static_cast<std::uint64_t>((std::max(at, now) - now).nanoseconds()));
    }

    std::uint64_t value() const { return hash_.value(); }

private:
    StableHash hash_;
};

void add_vote(Words& words, const raft::VoteRequest& r) {
    words.add(r.epoch).add(r.candidate).add(r.last_epoch).add(r.end).add(r.is_pre_vote ? 1U : 0U);
}

void add_fetched(Words& words, const raft::FetchResponse& r) {
    words.add(std::uint64_t(r.error)).add(r.view).add(r.high_watermark);
    if (r.diverging) words.add(r.diverging->epoch).add(r.diverging->end);
    if (r.snapshot) words.add(*r.snapshot);
    for (const raft::Batch& batch : r.batches)
        words.add(batch.base).add(batch.epoch).add(batch.digest);
}

void add_request(Words& words, const raft::Request& request) {
    words.add(request.index());
    std::visit(
        overloaded{
            [&](const raft::VoteRequest& r) { add_vote(words, r); },
            [&](const raft::BeginQuorumEpochRequest& r) { words.add(r.view); },
            [&](const raft::EndQuorumEpochRequest& r) { words.add(r.view); },
            [&](const raft::FetchRequest& r) {
                words.add(r.epoch).add(r.offset).add(r.last_fetched_epoch).add(r.high_watermark);
            },
            [&](const raft::FetchSnapshotRequest& r) {
                words.add(r.epoch).add(r.snapshot).add(static_cast<std::uint64_t>(r.position));
            },
            [&](const raft::AddVoterRequest& r) { words.add(raft::key_of(r.voter)); },
            [&](const raft::RemoveVoterRequest& r) { words.add(r.voter); },
            [&](const raft::UpdateVoterRequest& r) { words.add(raft::key_of(r.voter)); },
            [&](const raft::ProbeRequest&) {}},
        request);
}

void add_response(Words& words, const raft::Response& response) {
    words.add(response.index() + 100);
    std::visit(
        overloaded{[&](const raft::VoteResponse& r) {
                       words.add(std::uint64_t(r.error)).add(r.view).add(r.is_granted ? 1U : 0U);
                   },
                   [&](const raft::FetchResponse& r) { add_fetched(words, r); },
                   [&](const raft::FetchSnapshotResponse& r) {
                       words.add(std::uint64_t(r.error)).add(r.view).add(r.snapshot);
                   },
                   [&](const raft::ProbeResponse& r) { words.add(std::uint64_t(r.error)); },
                   [&](const auto& r) { words.add(std::uint64_t(r.error)).add(r.view); }},
        response);
}

void add_leading(Words& words, const raft::Leading& leading, Instant now) {
    words.add(leading.epoch_start).add(leading.has_committed ? 1U : 0U);
    for (const raft::Progress& one : leading.voters) {
        words.add(one.key).add(one.end).add(one.has_fetched ? 1U : 0U);
        words.add(one.has_acknowledged ? 1U : 0U).add(one.begin_due, now);
    }
    for (const raft::ParkedFetch& one : leading.fetches)
        words.add(one.replica).add(one.offset).add(one.high_watermark).add(one.deadline, now);
    for (const raft::ParkedRead& one : leading.reads)
        words.add(one.barrier).add(one.deadline, now);
    if (leading.change) words.add(leading.change->offset).add(leading.change->target);
    for (const raft::Voter& one : leading.introduced)
        words.add(raft::key_of(one));
    words.add(leading.quorum_deadline, now);
}

void add_state(Words& words, const raft::State& state, Instant now) {
    words.add(static_cast<std::uint64_t>(state.role)).add(state.epoch).add(state.leader);
    words.add(state.voted).add(state.has_fetched ? 1U : 0U).add(state.is_leader_gone ? 1U : 0U);
    words.add(state.is_introduced ? 1U : 0U).add(state.voter_history.size());
    words.add(state.synced_end).add(state.high_watermark).add(state.voters());
    for (const NodeId id : state.election.granted)
        words.add(id);
    for (const NodeId id : state.election.rejected)
        words.add(id).add(1U);
    words.add(state.election.retries);
    if (state.role == raft::Role::leader) add_leading(words, state.leading, now);
    if (state.fetching) words.add(state.fetching->id);
    for (const raft::Outstanding& one : state.outstanding)
        words.add(one.to).add(one.kind).add(one.deadline, now);
    for (const raft::Backoff& one : state.backoffs)
        words.add(one.to).add(one.until, now);
    words.add(state.role_deadline, now).add(state.update_due, now).add(state.saved);
}

void add_disk(Words& words, const NodeDisk& disk) {
    words.add(disk.last_chain()).add(disk.log_end()).add(disk.durable_end());
    words.add(disk.durable_quorum()).add(disk.unsynced_changes()).add(disk.unsynced_saves());
}

}  // namespace

std::uint64_t World::fingerprint() const {
    Words words;
    for (const Node& node : nodes_) {
        add_disk(words, node.disk);
        words.add(node.is_up() ? 1U : 0U).add(node.is_paused ? 1U : 0U).add(node.applied);
        if (!node.is_up()) continue;
        words.add(node.wake_at, node.clock);
        add_state(words, node.state(), node.clock);
        for (const PendingSync& pending : node.pending)
            words.add(pending.upto).add(pending.sends.size()).add(pending.replies.size());
    }
    std::uint64_t in_flight = 0;
    for (const Flight& flight : flights_) {
        Words message;
        message.add(flight.name.from).add(flight.name.to);
        const bool is_answer = flight.name.kind >= first_answer_kind;
        const Node& asker = node(is_answer ? flight.name.to : flight.name.from);
        const std::uint32_t life = is_answer ? flight.target_life : flight.sender_life;
        const Body& body = bodies_[flight.body];
        const bool is_stale = asker.life != life || !asker.is_up();
        message.add(is_stale ? UINT64_MAX : asker.state().request_count - body.id.value());
        if (const auto* const request = std::get_if<raft::Request>(&body.content)) {
            add_request(message, *request);
        } else {
            add_response(message, *std::get_if<raft::Response>(&body.content));
        }
        in_flight += message.value();
    }
    for (const std::uint32_t row : cuts_)
        words.add(row);
    return words.add(in_flight).add(theorems_.committed.end()).value();
}

}  // namespace glasslog::sim::direct
