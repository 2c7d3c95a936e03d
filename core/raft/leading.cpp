// The leader's half of replication: it serves fetches, learns from them what its followers durably
// have, and calls committed what a majority has. KIP-595; docs/raft.md, "What is committed".

#include "core/base/check.hpp"
#include "core/raft/quorum.hpp"
#include "core/raft/stepper.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::raft {

namespace {

Progress* find_progress(std::vector<Progress>& all, const ReplicaKey& key) {
    const auto at = std::find_if(all.begin(), all.end(), [&](const Progress& one) {
        return one.key == key || (one.key.id == key.id && one.key.directory.is_zero());
    });
    return at == all.end() ? nullptr : &*at;
}

Progress* find_observer(std::vector<Progress>& all, const ReplicaKey& key) {
    const auto at =
        std::find_if(all.begin(), all.end(), [&](const Progress& one) { return one.key == key; });
    return at == all.end() ? nullptr : &*at;
}

}  // namespace

void Stepper::on(const Propose& event) {
    ProposeReply answer;
    if (!is_leader()) {
        answer.error = WireError::not_leader_or_follower;
    } else if (event.record_count <= 0) {
        answer.error = WireError::invalid_request;
    } else {
        answer.base = s_.log_end;
        answer.epoch = s_.epoch;
        append({s_.log_end, s_.log_end + event.record_count, s_.epoch, Proposed{event.token}});
    }
    fx_.reply.push_back({event.token, answer});
}

void Stepper::on(const Read& event) {
    if (!is_leader()) {
        fx_.reply.push_back({event.token, ReadReply{WireError::not_leader_or_follower}});
        return;
    }
    if (options_.rules.read == ReadRule::from_memory) {
        fx_.reply.push_back({event.token, ReadReply{WireError::none, s_.high_watermark}});
        return;
    }
    if (s_.leading.reads.size() >= options_.limits.parked_max) {
        fx_.reply.push_back({event.token, ReadReply{WireError::request_timed_out}});
        return;
    }
    const Instant deadline = now_ + options_.timing.request_timeout;
    s_.leading.reads.push_back({event.token, s_.log_end, deadline});
    append({s_.log_end, s_.log_end + 1, s_.epoch, Barrier{}});
}

void Stepper::on(const Resign&) {
    if (is_leader()) become_resigned();
}

// ------------------------------------------------------------------------------------- fetches

FetchResponse Stepper::fetch_head() const {
    FetchResponse head;
    head.view = view();
    head.log_start = s_.log_start;
    // What an older epoch committed is not told before this one commits.
    if (is_leader() && s_.leading.has_committed) head.high_watermark = s_.high_watermark;
    return head;
}

WireError Stepper::fetch_refusal(const FetchRequest& request) const {
    const bool is_possible = request.offset >= Offset(0) &&
                             request.last_fetched_epoch >= LeaderEpoch(0) &&
                             request.last_fetched_epoch <= request.epoch;
    if (!is_possible) return WireError::invalid_request;
    if (request.epoch < s_.epoch) return WireError::fenced_leader_epoch;
    if (request.epoch > s_.epoch) return WireError::unknown_leader_epoch;
    if (!is_leader()) return WireError::not_leader_or_follower;
    return WireError::none;
}

// True when what the follower needs stands in no log any more.
bool Stepper::needs_snapshot(const FetchRequest& request) const {
    if (!s_.snapshot) return false;
    if (request.offset < s_.log_start) return true;
    if (request.offset == Offset(0)) return true;
    const LeaderEpoch epoch = request.last_fetched_epoch;
    if (epoch < s_.snapshot->epoch && request.offset <= s_.snapshot->end) return true;
    return request.offset == s_.log_start && s_.log_start > Offset(0) &&
           s_.log_start == s_.snapshot->end && epoch != s_.snapshot->epoch;
}

// Where the follower's log leaves ours; empty when it is a prefix of it.
std::optional<log::EpochEnd> Stepper::divergence(const FetchRequest& request) const {
    if (options_.rules.prefix == PrefixRule::offset_only) {
        if (request.offset <= s_.log_end) return std::nullopt;
        return log::EpochEnd{s_.last_epoch(), s_.log_end};
    }
    const LeaderEpoch epoch = request.last_fetched_epoch;
    const log::EpochEnd end = s_.epochs.end_offset_for(epoch, s_.log_end);
    // An epoch above all of ours: nobody who leads can meet it, unless a disk forgot.
    if (end.end == no_offset) return log::EpochEnd{s_.last_epoch(), s_.log_end};
    if (end.epoch != epoch || end.end < request.offset) return end;
    return std::nullopt;
}

void Stepper::answer(RequestToken token, const FetchRequest& request) {
    const auto answer_at_once = [&](auto fill) {
        FetchResponse head = fetch_head();
        fill(head);
        reply(token, std::move(head));
    };
    if (const WireError error = fetch_refusal(request); error != WireError::none) {
        return answer_at_once([&](FetchResponse& head) { head.error = error; });
    }
    if (needs_snapshot(request)) {
        return answer_at_once([&](FetchResponse& head) { head.snapshot = s_.snapshot; });
    }
    if (const auto end = divergence(request)) {
        return answer_at_once([&](FetchResponse& head) { head.diverging = *end; });
    }
    if (note_fetch(request) != nullptr) {
        note_quorum();
        advance_high_watermark();
        if (!is_leader()) {  // a leader that removed itself leaves when that is committed
            return answer_at_once(
                [](FetchResponse& head) { head.error = WireError::not_leader_or_follower; });
        }
    }
    const Instant deadline = now_ + request.max_wait;
    park({token, request.replica, request.offset, request.high_watermark, deadline});
}

// Answers at once what can be.
void Stepper::park(ParkedFetch fetch) {
    // A replica asks once at a time: an older question of it has nobody who listens.
    std::vector<ParkedFetch>& fetches = s_.leading.fetches;
    const auto is_older = [&](const ParkedFetch& one) {
        return one.replica == fetch.replica && fetch.replica.id != no_node;
    };
    if (const auto at = std::find_if(fetches.begin(), fetches.end(), is_older);
        at != fetches.end()) {
        reply(at->token, fetch_head());
        fetches.erase(at);
    }
    if (fetches.size() >= options_.limits.parked_max) fetch.deadline = now_;
    fetches.push_back(fetch);
    serve_parked();
}

void Stepper::serve_parked() {
    if (s_.leading.fetches.empty()) return;
    const FetchResponse head = fetch_head();
    // Who commits alone shows nothing that its own disk may still forget: with it go its vote for
    // itself, and a removal that made it the only voter.
    const bool is_alone = s_.voters().size() == 1 && s_.is_voter();
    const Offset end = is_alone ? s_.synced_end : s_.log_end;
    std::erase_if(s_.leading.fetches, [&](const ParkedFetch& fetch) {
        if (fetch.offset < end) {
            fx_.reply_from_log.push_back({fetch.token, fetch.offset, end, head});
            return true;
        }
        const bool has_news = head.high_watermark > fetch.high_watermark;
        if (!has_news && now_ < fetch.deadline) return false;
        reply(fetch.token, head);
        return true;
    });
}

// Makes room for another one: those go that were not heard for long, and of too many the one that
// was not heard for longest.
void Stepper::forget_observers() {
    std::vector<Progress>& observers = s_.leading.observers;
    std::erase_if(observers, [this](const Progress& one) {
        return now_ - one.last_fetch >= observer_session;
    });
    if (observers.size() < options_.limits.observers_max) return;
    observers.erase(std::min_element(
        observers.begin(),
        observers.end(),
        [](const Progress& a, const Progress& b) { return a.last_fetch < b.last_fetch; }));
}

// What a fetch proves: that its sender durably has all below the offset, with our epochs.
Progress* Stepper::note_fetch(const FetchRequest& request) {
    Leading& leading = s_.leading;
    Progress* progress = find_progress(leading.voters, request.replica);
    if (progress == nullptr) {
        if (request.replica.id < NodeId(0)) return nullptr;
        progress = find_observer(leading.observers, request.replica);
    }
    if (progress == nullptr) {
        forget_observers();
        progress = &leading.observers.emplace_back();
        progress->key = request.replica;
    }
    // A static voter with another disk than the one that it told is somebody new.
    std::erase_if(leading.introduced, [&](const Voter& one) {
        return one.voter_id == request.replica.id && key_of(one) != request.replica;
    });
    progress->last_fetch = now_;
    progress->has_fetched = true;
    progress->end = std::max(progress->end, request.offset);
    if (request.offset >= s_.log_end) {
        progress->has_caught_up = true;
        progress->last_caught_up = now_;
    }
    return progress;
}

// A leader that a majority has not fetched from for so long resigns: nobody hears it.
void Stepper::note_quorum() {
    Leading& leading = s_.leading;
    const VoterSet& voters = s_.voters();
    const std::size_t needed = voters.majority() - (s_.is_voter() ? 1 : 0);
    const auto heard = std::count_if(leading.voters.begin(),
                                     leading.voters.end(),
                                     [](const Progress& one) { return one.has_fetched; });
    if (needed == 0) {
        leading.quorum_deadline = Instant::never();
        return;
    }
    const bool is_first =
        leading.quorum_deadline == Instant() || leading.quorum_deadline == Instant::never();
    if (static_cast<std::size_t>(heard) < needed && !is_first) return;
    leading.quorum_deadline = now_ + options_.timing.fetch_timeout * 3 / 2;
    for (Progress& one : leading.voters)
        one.has_fetched = false;
}

// -------------------------------------------------------------------------------------- commit

void Stepper::append(Append batch) {
    CHECK(is_leader() && batch.base == s_.log_end && batch.end > batch.base);
    s_.epochs.assign(batch.epoch, batch.base);
    s_.log_end = batch.end;
    fx_.append.push_back(std::move(batch));
    if (options_.rules.flush == FlushRule::before_acknowledging) {
        fx_.sync = true;
    } else {
        s_.synced_end = s_.log_end;
        advance_high_watermark();
    }
    if (is_leader()) serve_parked();
}

void Stepper::append_leader_change(std::vector<NodeId> granting) {
    const VotersAt now = s_.voter_history.back();
    LeaderChange change{now.voters, std::move(granting), false, now.kraft_version};
    std::int64_t count = 1;
    if (now.offset == no_offset && now.kraft_version >= 1) {
        // They stand in no log yet, only in what this node was formatted with.
        change.writes_voters = true;
        count = 3;
        s_.voter_history.push_back({s_.log_end + 2, now.voters, now.kraft_version});
    }
    append({s_.log_end, s_.log_end + count, s_.epoch, std::move(change)});
}

void Stepper::advance_high_watermark() {
    if (!is_leader()) return;
    std::vector<Offset> ends;
    ends.reserve(s_.leading.voters.size() + 1);
    for (const Progress& voter : s_.leading.voters)
        ends.push_back(voter.end);
    if (s_.is_voter()) ends.push_back(s_.synced_end);
    const Offset end = std::min(majority_end(std::move(ends)), s_.log_end);
    const Offset start = s_.leading.epoch_start;
    bool may_commit = false;
    switch (options_.rules.commit) {
        case CommitRule::own_epoch:
            may_commit = end > start;
            break;
        case CommitRule::reaches_epoch_start:
            may_commit = end >= start;
            break;
        case CommitRule::any_epoch:
            may_commit = end > Offset(0);
            break;
    }
    if (!may_commit) return;
    s_.leading.has_committed = true;
    set_high_watermark(end);
    complete_reads();
    serve_parked();
    complete_change();
}

void Stepper::set_high_watermark(Offset to) {
    if (to <= s_.high_watermark) return;
    s_.high_watermark = to;
    fx_.apply_upto = to;
}

void Stepper::complete_reads() {
    std::erase_if(s_.leading.reads, [&](const ParkedRead& read) {
        if (s_.high_watermark <= read.barrier) return false;
        fx_.reply.push_back({read.token, ReadReply{WireError::none, s_.high_watermark}});
        return true;
    });
}

// The voters changed: what was known of a replica stays known in its new part.
void Stepper::rebuild_progress() {
    Leading& leading = s_.leading;
    std::vector<Progress> known = std::move(leading.voters);
    std::move(leading.observers.begin(), leading.observers.end(), std::back_inserter(known));
    leading.voters.clear();
    leading.observers.clear();
    for (const Voter& voter : s_.voters().all()) {
        if (is_mine(key_of(voter))) continue;
        Progress progress;
        if (const Progress* before = find_progress(known, key_of(voter))) progress = *before;
        // A static quorum knows no disks: which of them held it is to be said again.
        if (progress.key != key_of(voter)) progress.end = no_offset;
        progress.key = key_of(voter);
        leading.voters.push_back(std::move(progress));
    }
    for (Progress& one : known) {
        // Without a disk: as the static quorum knew the voter of that id.
        const bool is_voter =
            s_.voters().contains(one.key) ||
            (one.key.directory.is_zero() && s_.voters().find(one.key.id) != nullptr);
        if (!is_voter && !is_mine(one.key)) leading.observers.push_back(std::move(one));
    }
}

}  // namespace glasslog::raft
