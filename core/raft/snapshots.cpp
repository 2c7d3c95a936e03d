// Snapshots stand for the log below them: taken by each node for itself, fetched by those whose
// next record stands in no log any more. KIP-630.

#include "core/base/check.hpp"
#include "core/raft/stepper.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::raft {

void Stepper::on(const SnapshotTaken& event) {
    CHECK(event.id.end <= s_.high_watermark, "a snapshot holds what is committed");
    if (s_.snapshot && event.id <= *s_.snapshot) return;
    s_.snapshot = event.id;
    s_.log_start = event.id.end;
    s_.epochs.truncate_from_start(event.id.end);
    // Of the voters below, the last are those that the snapshot holds.
    auto& history = s_.voter_history;
    const auto first_above = std::find_if(history.begin(), history.end(), [&](const VotersAt& one) {
        return one.offset >= event.id.end;
    });
    if (first_above - history.begin() > 1) history.erase(history.begin(), first_above - 1);
    fx_.log_start = event.id.end;
}

void Stepper::answer(RequestToken token, const FetchSnapshotRequest& request) {
    FetchSnapshotResponse head;
    head.view = view();
    head.snapshot = request.snapshot;
    head.position = request.position;
    const auto refuse = [&](WireError error) {
        head.error = error;
        reply(token, head);
    };
    if (request.epoch < s_.epoch) return refuse(WireError::fenced_leader_epoch);
    if (request.epoch > s_.epoch) return refuse(WireError::unknown_leader_epoch);
    if (!is_leader()) return refuse(WireError::not_leader_or_follower);
    if (request.position < 0) return refuse(WireError::position_out_of_range);
    // Whoever fetches a snapshot is as alive as whoever fetches records.
    for (Progress& voter : s_.leading.voters) {
        if (voter.key != request.replica) continue;
        voter.last_fetch = now_;
        voter.has_fetched = true;
    }
    note_quorum();
    fx_.reply_from_snapshot.push_back({token, request.snapshot, request.position, head});
}

void Stepper::take(const Outstanding& question, const FetchSnapshotResponse& response) {
    take_view(response.view);
    const bool is_expected = s_.role == Role::follower && s_.epoch == question.epoch &&
                             s_.fetching && !s_.fetching->is_installing;
    if (!is_expected) return;
    const auto begin_anew = [&] {
        s_.fetching.reset();
        back_off(question.to);
    };
    if (response.error == WireError::snapshot_not_found ||
        response.error == WireError::position_out_of_range) {
        return begin_anew();  // with a fetch: the leader has a newer one
    }
    if (response.error != WireError::none) return back_off(question.to);
    Fetching& fetching = *s_.fetching;
    const bool fits = response.snapshot == fetching.id && response.position == fetching.position &&
                      response.byte_count > 0 &&
                      response.byte_count <= response.size - response.position;
    if (!fits) return begin_anew();
    s_.role_deadline = now_ + options_.timing.fetch_timeout;
    const bool is_last = response.position + response.byte_count == response.size;
    fx_.write_snapshot = {fetching.id, question.id, fetching.position, is_last};
    fetching.position += response.byte_count;
    fetching.is_installing = is_last;
}

void Stepper::on(const SnapshotInstalled& event) {
    s_.fetching.reset();
    s_.snapshot = event.id;
    s_.log_start = event.id.end;
    s_.log_end = event.id.end;
    s_.synced_end = event.id.end;
    s_.epochs = {};
    s_.epochs.assign(event.id.epoch, event.id.end);
    s_.voter_history = {event.voters};
    // Who asked for votes by the voters of its old log is no voter any more.
    if (!s_.is_voter() && s_.role == Role::prospective) give_up_asking();
    if (!s_.is_voter() && s_.role == Role::candidate) become_unattached(s_.epoch);
    // An observer that waited for nothing is a voter again when its own uncommitted removal is
    // replaced; from now on it must do something, some day.
    const bool waits_for_ever = !is_leader() && s_.role_deadline == Instant::never();
    if (s_.is_voter() && waits_for_ever) s_.role_deadline = now_ + election_timeout();
    fx_.is_role_new = true;
    set_high_watermark(event.id.end);
}

void Stepper::on(const SnapshotRefused& event) {
    if (s_.fetching && s_.fetching->id == event.id) s_.fetching.reset();
    if (s_.leader != no_node) back_off(s_.leader);
}

}  // namespace glasslog::raft
