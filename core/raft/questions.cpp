// What a replica asks of others: looked at after every event, so that nothing is ever forgotten.
// One question at a time to each node; a new role's question takes the place of an old one's.

#include "core/raft/stepper.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::raft {

void Stepper::ask_around() {
    switch (s_.role) {
        case Role::prospective:
        case Role::candidate:
            return ask_for_votes();
        case Role::leader:
            return tell_epoch_begins();
        case Role::resigned:
            return tell_epoch_ends();
        case Role::follower:
            return ask_leader();
        case Role::unattached:
            if (!s_.is_voter()) look_for_leader();
            return;
    }
}

void Stepper::ask_for_votes() {
    const auto has = [](const std::vector<NodeId>& nodes, NodeId id) {
        return std::find(nodes.begin(), nodes.end(), id) != nodes.end();
    };
    for (const Voter& voter : s_.voters().all()) {
        const NodeId id = voter.voter_id;
        if (has(s_.election.granted, id) || has(s_.election.rejected, id) || !is_ready(id))
            continue;
        speaks_of_vote_ |= s_.role == Role::candidate;
        ask(id,
            VoteRequest{s_.epoch,
                        s_.self,
                        key_of(voter),
                        s_.last_epoch(),
                        s_.log_end,
                        s_.role == Role::prospective},
            false);
    }
}

// A voter that knows of the epoch and is silent all the same is told again: it may be in a later
// epoch, which it cannot win and in which it would wait for ever; its refusal ends this epoch.
Instant Stepper::begin_due(const Progress& voter) const {
    if (!voter.has_acknowledged) return voter.begin_due;
    return std::max(voter.begin_due, voter.last_fetch + options_.timing.fetch_timeout);
}

void Stepper::tell_epoch_begins() {
    for (Progress& voter : s_.leading.voters) {
        if (now_ < begin_due(voter) || !is_ready(voter.key.id)) continue;
        voter.begin_due = now_ + options_.timing.fetch_timeout / 2;
        ask(voter.key.id, BeginQuorumEpochRequest{view(), voter.key}, false);
    }
    // A node that may join is asked what it can.
    const auto& change = s_.leading.change;
    if (!change || change->step != ChangeStep::probing) return;
    if (is_ready(change->added.voter_id)) ask(change->added.voter_id, ProbeRequest{}, false);
}

void Stepper::tell_epoch_ends() {
    for (const NodeId id : s_.to_be_told) {
        if (!is_ready(id)) continue;
        EndQuorumEpochRequest request;
        request.view = {s_.epoch, s_.self.id, options_.endpoints};
        for (const NodeId successor : s_.to_be_told) {
            const Voter* voter = s_.voters().find(successor);
            if (voter != nullptr) request.successors.push_back(key_of(*voter));
        }
        ask(id, std::move(request), false);
    }
}

void Stepper::ask_leader() {
    if (!s_.is_voter() && s_.is_leader_gone) return look_for_leader();
    const NodeId leader = s_.leader;
    if (!is_ready(leader) || ask_about_voters(leader)) return;
    if (s_.fetching) {
        if (s_.fetching->is_installing) return;
        const FetchSnapshotRequest request{s_.epoch,
                                           s_.self,
                                           s_.fetching->id,
                                           s_.fetching->position};
        return ask(leader, request, false);
    }
    ask_for_records(leader, options_.timing.fetch_wait_max);
}

// A fetch says "all below is durable here": it leaves after the sync of this very step, or when
// nothing is waiting for one. A broker's says nothing; a controller's counts from the moment on
// when it becomes a voter.
void Stepper::ask_for_records(NodeId to, Duration max_wait) {
    const bool must_flush =
        options_.can_vote && options_.rules.flush == FlushRule::before_acknowledging;
    const bool is_durable = s_.synced_end >= s_.log_end;
    if (must_flush && !is_durable && !fx_.sync) return;
    const FetchRequest request{s_.epoch,
                               s_.self,
                               s_.log_end,
                               s_.last_epoch(),
                               s_.high_watermark,
                               max_wait};
    ask(to, request, must_flush && !is_durable);
}

// An observer asks one voter, or bootstrap server, after another for the leader.
void Stepper::look_for_leader() {
    const auto is_fetch = [](const Outstanding& one) { return one.kind == 3; };
    if (std::any_of(s_.outstanding.begin(), s_.outstanding.end(), is_fetch)) return;
    const auto voters = s_.voters().all();
    const std::size_t count = voters.size() + options_.bootstrap_server_count;
    for (std::size_t tried = 0; tried < count; ++tried) {
        const std::size_t at = s_.next_bootstrap++ % count;
        const NodeId to = at < voters.size()
                              ? voters[at].voter_id
                              : NodeId(-2 - static_cast<std::int32_t>(at - voters.size()));
        if (to == s_.self.id || !is_ready(to)) continue;
        return ask_for_records(to, Duration());
    }
}

// Now and then a voter compares what the quorum knows of it with what is true, and a controller
// that is to vote asks to. A static quorum knows nothing: each leader is told once. True: something
// was asked, and the leader's turn is over.
bool Stepper::ask_about_voters(NodeId leader) {
    if (!options_.can_vote || now_ < s_.update_due) return false;
    const bool is_static = s_.kraft_version() < dynamic_voters;
    const bool is_voter = s_.is_voter();
    if (is_static && (!is_voter || !s_.has_fetched || s_.is_introduced)) return false;
    const Voter self = own_voter();
    const Voter* known = s_.voters().find(s_.self.id);
    s_.update_due = now_ + options_.timing.fetch_timeout * 3;
    if (is_voter) {
        if (*known == self) return false;
        ask(leader, UpdateVoterRequest{s_.epoch, self}, false);
        return true;
    }
    if (!options_.joins_by_itself || !s_.has_fetched) return false;
    if (known != nullptr) {
        ask(leader, RemoveVoterRequest{key_of(*known)}, false);
        return true;
    }
    ask(leader, AddVoterRequest{self, options_.timing.change_voter_timeout, false}, false);
    return true;
}

void Stepper::ask(NodeId to, Request request, bool after_sync) {
    std::erase_if(s_.outstanding, [&](const Outstanding& one) { return one.to == to; });
    const RequestId id(++s_.request_count);
    s_.outstanding.push_back({to,
                              id,
                              static_cast<std::uint8_t>(request.index()),
                              s_.epoch,
                              now_ + options_.timing.request_timeout});
    auto& group = after_sync ? fx_.send_after_sync : fx_.send;
    group.push_back({id, to, std::move(request)});
}

bool Stepper::is_ready(NodeId to) const {
    if (to == no_node || to == s_.self.id) return false;
    const auto is_to = [&](const auto& one) { return one.to == to; };
    return std::none_of(s_.outstanding.begin(), s_.outstanding.end(), is_to) &&
           std::none_of(s_.backoffs.begin(), s_.backoffs.end(), is_to);
}

void Stepper::back_off(NodeId to) {
    std::erase_if(s_.backoffs, [&](const Backoff& one) { return one.to == to; });
    s_.backoffs.push_back({to, now_ + options_.timing.retry_backoff});
}

void Stepper::reply(RequestToken token, Response response) {
    fx_.reply.push_back({token, std::move(response)});
}

}  // namespace glasslog::raft
