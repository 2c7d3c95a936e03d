// The follower's half of replication: it takes what its leader answers to a fetch, or cuts its log
// to what both share. KIP-595; docs/raft.md, "Fetch".

#include "core/raft/quorum.hpp"
#include "core/raft/stepper.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::raft {

void Stepper::take(const Outstanding& question, const FetchResponse& response) {
    const bool was_following = s_.role == Role::follower && question.to == s_.leader;
    take_view(response.view);
    if (!was_following || s_.role != Role::follower || s_.epoch != question.epoch) {
        if (response.error != WireError::none) back_off(question.to);
        return;
    }
    if (response.error != WireError::none || response.view.epoch != s_.epoch) {
        return back_off(question.to);
    }
    s_.has_fetched = true;
    s_.is_leader_gone = false;
    s_.election.retries = 0;
    s_.role_deadline = now_ + options_.timing.fetch_timeout;
    // An observer may have asked while it looked for a leader; the log is about to be replaced.
    if (s_.fetching && s_.fetching->is_installing) return;
    if (response.diverging) {
        if (options_.rules.follower_commit == FollowerCommitRule::any_answer) {
            follow_high_watermark(response.high_watermark);
        }
        return cut(truncation_point(s_.epochs, s_.log_end, *response.diverging));
    }
    if (response.snapshot) {
        const bool is_newer =
            response.snapshot->end > s_.high_watermark || response.snapshot->end > s_.log_start;
        if (is_newer) s_.fetching = Fetching{.id = *response.snapshot};
        return;
    }
    take_batches(question.id, response);
    follow_high_watermark(response.high_watermark);
}

// An answer that nobody waits for any more, a copy perhaps.
void Stepper::take_late(RequestId id, const FetchResponse& response) {
    if (options_.rules.fetch_answer == FetchAnswerRule::expected_only) return;
    const bool is_from_leader = s_.role == Role::follower && response.view.epoch == s_.epoch &&
                                response.view.leader == s_.leader;
    if (!is_from_leader || response.error != WireError::none || response.batches.empty()) return;
    const Offset base = response.batches.front().base;
    if (base > s_.log_end || base < s_.log_start) return;
    if (base < s_.log_end) cut(base);
    if (!s_.is_failed) take_batches(id, response);
}

void Stepper::take_batches(RequestId id, const FetchResponse& response) {
    for (std::size_t i = 0; i < response.batches.size(); ++i) {
        const Batch& batch = response.batches[i];
        const bool follows = batch.base == s_.log_end && batch.end > batch.base &&
                             batch.epoch >= s_.last_epoch() && batch.epoch <= s_.epoch;
        if (!follows) break;
        s_.epochs.assign(batch.epoch, batch.base);
        s_.log_end = batch.end;
        fx_.append.push_back({batch.base, batch.end, batch.epoch, Fetched{id, i}});
        if (!batch.voters && !batch.kraft_version) continue;
        VotersAt changed = s_.voter_history.back();
        changed.offset = batch.end - 1;
        if (batch.voters) changed.voters = *batch.voters;
        if (batch.kraft_version) changed.kraft_version = *batch.kraft_version;
        s_.voter_history.push_back(std::move(changed));
        fx_.is_role_new = true;
    }
    if (fx_.append.empty()) return;
    const bool must_flush =
        options_.can_vote && options_.rules.flush == FlushRule::before_acknowledging;
    if (must_flush) fx_.sync = true;
}

// What is committed is never cut: a leader that wants it is none, or this disk lied.
void Stepper::cut(Offset end) {
    end = std::max(end, s_.log_start);
    if (end < s_.high_watermark) {
        fx_.fatal = Fatal::cut_below_high_watermark;
        s_.is_failed = true;
        return;
    }
    if (end >= s_.log_end) return;
    s_.log_end = end;
    s_.synced_end = std::min(s_.synced_end, end);
    s_.epochs.truncate_from_end(end);
    while (s_.voter_history.size() > 1 && s_.voter_history.back().offset >= end) {
        s_.voter_history.pop_back();
        fx_.is_role_new = true;
    }
    fx_.truncate = end;
    fx_.sync = true;
}

// The leader commits; this log has been found a prefix of its, as far as it goes.
void Stepper::follow_high_watermark(Offset told) {
    set_high_watermark(std::min(told, s_.log_end));
}

}  // namespace glasslog::raft
