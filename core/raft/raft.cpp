#include "core/raft/raft.hpp"

#include "core/base/check.hpp"
#include "core/base/overloaded.hpp"
#include "core/raft/stepper.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::raft {

namespace {

// Epoch, leader and vote as the disk has them; the log may know a higher epoch.
void open_quorum(State& state, const Options& options, const QuorumState& saved) {
    state.saved = saved;
    state.epoch = saved.epoch;
    const LeaderEpoch logged = state.last_epoch();
    if (logged > saved.epoch) {
        state.epoch = logged;
        return;
    }
    state.voted = saved.voted;
    if (saved.leader == state.self.id) {
        // It may have said more in this epoch than its disk kept: it must not speak in it again.
        if (state.is_voter()) state.role = Role::resigned;
        return;
    }
    const Voter* leader = state.voters().find(saved.leader);
    if (leader == nullptr || options.self.id == saved.leader) return;
    state.role = Role::follower;
    state.leader = saved.leader;
    state.leader_endpoints = leader->endpoints;
}

}  // namespace

LeaderEpoch State::last_epoch() const {
    if (const auto latest = epochs.latest()) return *latest;
    return snapshot ? snapshot->epoch : LeaderEpoch(0);
}

std::string_view role_name(const State& state) {
    switch (state.role) {
        case Role::unattached:
            if (!state.is_voter()) return "observer";
            return state.voted.id == no_node ? "unattached" : "voted";
        case Role::prospective:
            return "prospective";
        case Role::candidate:
            return "candidate";
        case Role::follower:
            return state.is_voter() ? "follower" : "observer";
        case Role::leader:
            return "leader";
        case Role::resigned:
            return "resigned";
    }
    UNREACHABLE("role {}", static_cast<int>(state.role));
}

Raft::Raft(Options options, Opened opened) : options_(std::move(options)) {
    CHECK(!opened.voters.empty(), "a log begins with a voter set, if an empty one");
    state_.self = options_.self;
    state_.log_start = opened.log_start;
    state_.log_end = opened.log_end;
    state_.synced_end = opened.log_end;
    state_.epochs = std::move(opened.epochs);
    state_.snapshot = opened.snapshot;
    state_.voter_history = std::move(opened.voters);
    // What a snapshot holds was committed.
    if (state_.log_start > Offset(0)) state_.high_watermark = state_.log_start;
    open_quorum(state_, options_, opened.quorum);
}

Effects Raft::step(Instant now, const Event& event) {
    return Stepper(options_, state_, now).take(event);
}

Effects Stepper::take(const Event& event) {
    if (s_.is_failed) return {};
    std::visit([this](const auto& one) { on(one); }, event);
    if (s_.is_failed) {
        Effects only;
        only.fatal = fx_.fatal;
        return only;
    }
    ask_around();
    finish();
    return std::move(fx_);
}

void Stepper::on(const Start&) {
    const bool is_alone = s_.is_voter() && s_.voters().size() == 1;
    if (is_alone) return become_candidate();
    if (s_.role == Role::resigned && options_.rules.restart == RestartRule::leader_again) {
        return become_leader();
    }
    if (s_.role == Role::follower) {
        s_.role_deadline = now_ + options_.timing.fetch_timeout;
        expect_update();
    } else if (s_.is_voter()) {
        s_.role_deadline = now_ + election_timeout();
    }
    if (s_.epoch != s_.saved.epoch) fx_.is_role_new = true;
}

void Stepper::on(const Tick&) {
    expire_questions();
    if (now_ >= s_.role_deadline) role_deadline_passed();
    if (!is_leader()) return;
    Leading& leading = s_.leading;
    if (now_ >= leading.quorum_deadline) {
        if (options_.rules.check_quorum == CheckQuorumRule::resigns_when_alone) {
            return become_resigned();
        }
        leading.quorum_deadline = Instant::never();
    }
    serve_parked();
    if (leading.change && now_ >= leading.change->deadline)
        end_change(WireError::request_timed_out);
    std::erase_if(leading.reads, [&](const ParkedRead& read) {
        if (now_ < read.deadline) return false;
        fx_.reply.push_back({read.token, ReadReply{WireError::request_timed_out}});
        return true;
    });
}

void Stepper::on(const Received& event) {
    std::visit([&](const auto& request) { answer(event.token, request); }, event.request);
}

void Stepper::on(const Answered& event) {
    const auto at = std::find_if(s_.outstanding.begin(),
                                 s_.outstanding.end(),
                                 [&](const Outstanding& one) { return one.id == event.id; });
    if (at == s_.outstanding.end()) {
        if (const auto* late = std::get_if<FetchResponse>(&event.response)) {
            take_late(event.id, *late);
        }
        return;
    }
    const Outstanding question = *at;
    s_.outstanding.erase(at);
    std::visit([&](const auto& response) { take(question, response); }, event.response);
}

void Stepper::on(const Failed& event) {
    const auto at = std::find_if(s_.outstanding.begin(),
                                 s_.outstanding.end(),
                                 [&](const Outstanding& one) { return one.id == event.id; });
    if (at == s_.outstanding.end()) return;
    const NodeId to = at->to;
    s_.outstanding.erase(at);
    back_off(to);
}

void Stepper::on(const Synced& event) {
    if (event.upto <= s_.synced_end) return;
    s_.synced_end = std::min(event.upto, s_.log_end);
    if (is_leader()) advance_high_watermark();
}

void Stepper::expire_questions() {
    std::vector<NodeId> silent;
    std::erase_if(s_.outstanding, [&](const Outstanding& one) {
        if (now_ < one.deadline) return false;
        silent.push_back(one.to);
        return true;
    });
    for (const NodeId node : silent)
        back_off(node);
    std::erase_if(s_.backoffs, [&](const Backoff& one) { return now_ >= one.until; });
}

// Saves what changed, holds back what rests on it, arms the timer.
void Stepper::finish() {
    // Prospective and resigned are roles of this life only: the disk keeps what was before.
    const bool is_durable_role = s_.role != Role::resigned && s_.role != Role::prospective;
    const QuorumState now{s_.epoch, is_durable_role ? s_.leader : s_.saved.leader, s_.voted};
    if (now != s_.saved && (is_durable_role || s_.epoch != s_.saved.epoch)) {
        s_.saved = now;
        fx_.save = now;
        fx_.is_role_new = true;
        speaks_of_vote_ = true;
    }
    // A vote that is said again may rest on a save of an earlier step that is not done: it waits,
    // too.
    if (speaks_of_vote_ && options_.rules.vote == VoteRule::persist_before_reply) {
        fx_.sync = true;
        std::move(fx_.send.begin(), fx_.send.end(), std::back_inserter(fx_.send_after_sync));
        std::move(fx_.reply.begin(), fx_.reply.end(), std::back_inserter(fx_.reply_after_sync));
        fx_.send.clear();
        fx_.reply.clear();
    }
    const Instant due = next_deadline();
    if (due == s_.armed) return;
    s_.armed = due;
    fx_.wake_at = due;
}

Instant Stepper::next_deadline() const {
    // update_due is looked at whenever a fetch was answered, and wakes nobody.
    Instant due = s_.role_deadline;
    for (const Outstanding& one : s_.outstanding)
        due = std::min(due, one.deadline);
    for (const Backoff& one : s_.backoffs)
        due = std::min(due, one.until);
    if (!is_leader()) return due;
    const Leading& leading = s_.leading;
    due = std::min(due, leading.quorum_deadline);
    for (const Progress& voter : leading.voters) {
        // Who is being asked already is waited for above.
        if (is_ready(voter.key.id)) due = std::min(due, begin_due(voter));
    }
    for (const ParkedFetch& fetch : leading.fetches)
        due = std::min(due, fetch.deadline);
    for (const ParkedRead& read : leading.reads)
        due = std::min(due, read.deadline);
    if (leading.change) due = std::min(due, leading.change->deadline);
    return due;
}

}  // namespace glasslog::raft
