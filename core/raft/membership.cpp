// Changes of the voters, one at a time, in force when appended, done when committed by a majority
// of the new set (KIP-853). A leader begins none before its own epoch has committed something:
// else two leaders may each change the last voters that were committed, and the two sets need not
// overlap (Raft's single-server change, the mended way).

#include "core/base/check.hpp"
#include "core/raft/stepper.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::raft {

namespace {

// A new voter fetched within this time, and had all that there was.
const Duration caught_up_age_max = Duration::seconds(3'600);

}  // namespace

void Stepper::answer_change(RequestToken token, WireError error) {
    reply(token, VoterChangeResponse{error, view()});
}

// Why no change may begin now.
WireError Stepper::change_refusal(bool needs_dynamic_voters) const {
    if (!is_leader()) return WireError::not_leader_or_follower;
    const bool must_wait = options_.rules.reconfigure == ReconfigureRule::after_commit_in_own_epoch;
    if (must_wait && s_.leading.change) return WireError::request_timed_out;
    if (must_wait && !s_.leading.has_committed) return WireError::request_timed_out;
    if (needs_dynamic_voters && s_.kraft_version() < dynamic_voters) {
        return WireError::unsupported_version;
    }
    if (must_wait && s_.voter_history.back().offset >= s_.high_watermark) {
        return WireError::request_timed_out;
    }
    return WireError::none;
}

void Stepper::answer(RequestToken token, const AddVoterRequest& request) {
    if (!is_leader()) return answer_change(token, WireError::not_leader_or_follower);
    const NodeId id = request.voter.voter_id;
    if (id < NodeId(0) || request.voter.voter_directory_id.is_zero() ||
        request.voter.endpoints.empty()) {
        return answer_change(token, WireError::invalid_request);
    }
    const WireError refusal = change_refusal(true);
    if (refusal != WireError::none) return answer_change(token, refusal);
    if (s_.voters().find(id) != nullptr) return answer_change(token, WireError::duplicate_voter);
    if (s_.leading.change) end_change(WireError::request_timed_out);
    VoterChange change;
    change.token = token;
    change.step = ChangeStep::probing;
    change.added = request.voter;
    change.answers_when_committed = request.answers_when_committed;
    change.deadline = now_ + std::min(std::max(request.timeout, Duration()),
                                      options_.timing.change_voter_timeout);
    s_.leading.change = std::move(change);
}

void Stepper::answer(RequestToken token, const ProbeRequest&) {
    reply(token, ProbeResponse{WireError::none, options_.kraft_version});
}

void Stepper::take(const Outstanding& question, const ProbeResponse& response) {
    const bool is_expected = is_leader() && s_.epoch == question.epoch && s_.leading.change &&
                             s_.leading.change->step == ChangeStep::probing &&
                             s_.leading.change->added.voter_id == question.to;
    if (!is_expected) return;
    if (response.error != WireError::none) return back_off(question.to);
    VoterChange change = *s_.leading.change;
    const std::int16_t level = s_.kraft_version();
    const bool can = response.kraft_version.min_supported_version <= level &&
                     level <= response.kraft_version.max_supported_version;
    if (!can) return end_change(WireError::invalid_request);
    if (!is_caught_up(key_of(change.added))) return end_change(WireError::request_timed_out);
    change.added.kraft_version_feature = response.kraft_version;
    change.target = s_.voters().with(change.added);
    append_voters(std::move(change));
}

bool Stepper::is_caught_up(const ReplicaKey& key) const {
    const auto& observers = s_.leading.observers;
    return std::any_of(observers.begin(), observers.end(), [&](const Progress& one) {
        return one.key == key && one.has_caught_up && now_ - one.last_caught_up < caught_up_age_max;
    });
}

// To what this node asked for itself (questions.cpp): tried again when it is due.
void Stepper::take(const Outstanding& question, const VoterChangeResponse& response) {
    take_view(response.view);
    const bool is_of_leader =
        s_.role == Role::follower && s_.epoch == question.epoch && question.to == s_.leader;
    if (response.error != WireError::none) return back_off(question.to);
    s_.is_introduced |= is_of_leader;
}

void Stepper::answer(RequestToken token, const RemoveVoterRequest& request) {
    const WireError refusal = change_refusal(true);
    if (refusal != WireError::none) return answer_change(token, refusal);
    const Voter* voter = s_.voters().find(request.voter.id);
    if (voter == nullptr || key_of(*voter) != request.voter) {
        return answer_change(token, WireError::voter_not_found);
    }
    if (s_.voters().size() == 1) return answer_change(token, WireError::invalid_request);
    if (s_.voters().size() == 2 && is_mine(request.voter)) {
        // Written here alone and then lost with the leadership, the record would leave the other
        // one short of the vote of a node that votes for nobody with a shorter log, and that asks
        // for no votes itself. So the other one shall lead, and remove this one.
        become_resigned();
        return answer_change(token, WireError::not_leader_or_follower);
    }
    VoterChange change;
    change.token = token;
    change.target = s_.voters().without(request.voter.id);
    append_voters(std::move(change));
}

void Stepper::answer(RequestToken token, const UpdateVoterRequest& request) {
    if (is_leader() && request.epoch < s_.epoch) {
        return answer_change(token, WireError::fenced_leader_epoch);
    }
    if (is_leader() && request.epoch > s_.epoch) {
        return answer_change(token, WireError::unknown_leader_epoch);
    }
    const std::int16_t level = s_.kraft_version();
    // What a voter of a static quorum tells is written nowhere, and need not wait.
    const WireError refusal =
        is_leader() && level < dynamic_voters ? WireError::none : change_refusal(false);
    if (refusal != WireError::none) return answer_change(token, refusal);
    const Voter* voter = s_.voters().find(request.voter.voter_id);
    if (voter == nullptr || !s_.voters().contains(key_of(request.voter))) {
        return answer_change(token, WireError::voter_not_found);
    }
    const KraftRange& range = request.voter.kraft_version_feature;
    if (request.voter.endpoints.empty() || level < range.min_supported_version ||
        level > range.max_supported_version) {
        return answer_change(token, WireError::invalid_request);
    }
    if (level < dynamic_voters) introduce(request.voter);
    if (level < dynamic_voters || *voter == request.voter) {
        return answer_change(token, WireError::none);
    }
    VoterChange change;
    change.token = token;
    change.answers_when_committed = false;
    change.target = s_.voters().with(request.voter);
    append_voters(std::move(change));
}

// A static quorum's voters stand in configuration files, not in the log: what they tell is kept for
// the day when it is written there (upgrade.cpp).
void Stepper::introduce(const Voter& voter) {
    std::vector<Voter>& introduced = s_.leading.introduced;
    std::erase_if(introduced, [&](const Voter& one) { return one.voter_id == voter.voter_id; });
    introduced.push_back(voter);
}

// Appends the new set, which is in force from here on.
void Stepper::append_voters(VoterChange change) {
    CHECK(is_leader());
    const Offset end = s_.log_end + (change.kraft_version ? 2 : 1);
    change.step = ChangeStep::committing;
    change.offset = end - 1;
    change.deadline = now_ + options_.timing.change_voter_timeout;
    if (!change.answers_when_committed && change.token) {
        answer_change(*change.token, WireError::none);
        change.token.reset();
    }
    VotersAt next = s_.voter_history.back();
    next.offset = change.offset;
    next.voters = change.target;
    next.kraft_version = change.kraft_version.value_or(next.kraft_version);
    VotersChange record{next.voters, change.kraft_version};
    s_.voter_history.push_back(std::move(next));
    s_.leading.change = std::move(change);
    rebuild_progress();
    note_quorum();
    fx_.is_role_new = true;
    append({s_.log_end, end, s_.epoch, std::move(record)});
}

void Stepper::answer_waiting(VoterChange& change, WireError error) {
    if (!change.token) return;
    const RequestToken token = *change.token;
    change.token.reset();
    if (!change.kraft_version) return answer_change(token, error);
    fx_.reply.push_back({token, UpgradeReply{.error = error, .is_written = true}});
}

// Answers who waits. A change whose record is appended stays under way until that is committed, or
// another leader cuts it away.
void Stepper::end_change(WireError error) {
    auto& change = s_.leading.change;
    if (!change) return;
    answer_waiting(*change, error);
    change->deadline = Instant::never();
    if (change->step == ChangeStep::probing) change.reset();
}

void Stepper::complete_change() {
    if (!is_leader() || !s_.leading.change) return;
    VoterChange& change = *s_.leading.change;
    if (change.step != ChangeStep::committing || s_.high_watermark <= change.offset) return;
    answer_waiting(change, WireError::none);
    s_.leading.change.reset();
    if (!s_.is_voter()) become_resigned();
}

}  // namespace glasslog::raft
