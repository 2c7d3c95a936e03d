// Votes, and the beginning and end of epochs: KIP-595 and KIP-996. docs/raft.md, "Who gets a vote".

#include "core/base/random.hpp"
#include "core/raft/quorum.hpp"
#include "core/raft/stepper.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::raft {

// Fast detection: nobody listens where the leader was. The followers of a dead leader learn it
// within a round trip, ask for votes after a short random while, and grant each other pre-votes.
void Stepper::on(const Refused& event) {
    const Duration delay_max = options_.timing.fast_election_delay_max;
    if (delay_max <= Duration() || s_.role != Role::follower || event.node != s_.leader) return;
    if (std::exchange(s_.is_leader_gone, true) || !s_.is_voter()) return;
    const std::uint64_t drawn = draw();
    const Duration delay = Duration::nanoseconds(between(drawn, 0, delay_max.nanoseconds()));
    s_.role_deadline = std::min(s_.role_deadline, now_ + delay);
}

// Requests of version 0 name no voter: whoever they come to is meant, as far as it knows a quorum
// (vote_refusal).
bool Stepper::is_meant(const ReplicaKey& voter) const {
    return voter.id == no_node || is_mine(voter);
}

bool Stepper::is_mine(const ReplicaKey& voter) const {
    return voter.id == s_.self.id &&
           (voter.directory.is_zero() || voter.directory == s_.self.directory);
}

void Stepper::answer(RequestToken token, const VoteRequest& request) {
    const WireError refusal = vote_refusal(request);
    if (refusal != WireError::none) return reply(token, VoteResponse{refusal, view(), false});
    if (!request.is_pre_vote && request.epoch > s_.epoch) become_unattached(request.epoch);

    const bool is_granted = grants(request);
    if (is_granted && !request.is_pre_vote) {
        speaks_of_vote_ = true;
        // Who gave its vote away waits anew: the candidate shall have its time.
        if (s_.voted.id == no_node) fx_.is_role_new = true;
        s_.voted = request.candidate;
        if (s_.role == Role::prospective) {
            become_unattached(s_.epoch);
        }
        if (s_.role == Role::unattached && s_.is_voter()) {
            s_.role_deadline = now_ + election_timeout();
        }
    }
    reply(token, VoteResponse{WireError::none, view(), is_granted});
}

WireError Stepper::vote_refusal(const VoteRequest& request) const {
    const bool is_possible = request.candidate.id >= NodeId(0) && request.epoch >= LeaderEpoch(0) &&
                             request.epoch <= epoch_max && request.end >= Offset(0) &&
                             request.last_epoch >= LeaderEpoch(0) &&
                             (request.is_pre_vote ? request.last_epoch <= request.epoch
                                                  : request.last_epoch < request.epoch);
    if (!is_possible) return WireError::invalid_request;
    if (request.epoch < s_.epoch) return WireError::fenced_leader_epoch;
    if (!is_meant(request.voter)) return WireError::invalid_voter_key;
    // Told no voters, and meant by its id alone: another disk of that id may have promised what
    // this one knows nothing of (upgrade.cpp).
    const bool names_disk = !request.voter.directory.is_zero();
    if (!names_disk && s_.voters().size() == 0) return WireError::invalid_voter_key;
    return WireError::none;
}

bool Stepper::is_up_to_date(const VoteRequest& request) const {
    if (options_.rules.vote_log == VoteLogRule::any_log) return true;
    return LogTail{request.last_epoch, request.end} >= LogTail{s_.last_epoch(), s_.log_end};
}

// Does not ask whether the candidate is in our voter set: sets may differ while they change.
bool Stepper::grants(const VoteRequest& request) const {
    if (request.is_pre_vote) {
        switch (s_.role) {
            case Role::leader:
                return false;
            case Role::follower:
                // Its leader is alive as far as it knows, and needs no successor.
                return (!s_.has_fetched || s_.is_leader_gone) && is_up_to_date(request);
            case Role::unattached:
            case Role::prospective:
            case Role::candidate:
            case Role::resigned:
                return is_up_to_date(request);
        }
    }
    const bool is_repeat =
        s_.voted.id == request.candidate.id &&
        (s_.voted.directory.is_zero() || s_.voted.directory == request.candidate.directory);
    switch (s_.role) {
        case Role::unattached:
        case Role::prospective:
            if (s_.voted.id != no_node) return is_repeat;
            return s_.leader == no_node && is_up_to_date(request);
        case Role::follower:
            return is_repeat;
        case Role::candidate:
        case Role::leader:
        case Role::resigned:
            return false;
    }
    return false;
}

void Stepper::take(const Outstanding& question, const VoteResponse& response) {
    const Role asked = s_.role;
    take_view(response.view);
    if (s_.role != asked || s_.epoch != question.epoch) return;
    if (s_.role != Role::prospective && s_.role != Role::candidate) return;
    if (response.error != WireError::none) return back_off(question.to);
    auto& side = response.is_granted ? s_.election.granted : s_.election.rejected;
    side.push_back(question.to);
    count_votes();
}

void Stepper::count_votes() {
    const VoterSet& voters = s_.voters();
    const auto count = [&](const std::vector<NodeId>& nodes) {
        return static_cast<std::size_t>(std::count_if(nodes.begin(), nodes.end(), [&](NodeId id) {
            return voters.find(id) != nullptr;
        }));
    };
    const bool is_won = count(s_.election.granted) >= voters.majority();
    const bool is_lost = count(s_.election.rejected) > voters.size() - voters.majority();
    if (is_won) return s_.role == Role::prospective ? become_candidate() : become_leader();
    if (!is_lost) return;
    if (s_.role == Role::prospective) return give_up_asking();
    s_.role_deadline = std::min(s_.role_deadline, now_ + election_backoff());
}

void Stepper::answer(RequestToken token, const BeginQuorumEpochRequest& request) {
    const auto respond = [&](WireError error) {
        reply(token, BeginQuorumEpochResponse{error, view()});
    };
    if (request.view.epoch < s_.epoch) return respond(WireError::fenced_leader_epoch);
    if (!is_of_other(request.view)) return respond(WireError::invalid_request);
    if (!is_meant(request.voter)) return respond(WireError::invalid_voter_key);
    const bool is_voice_of_leader = s_.role == Role::prospective &&
                                    request.view.epoch == s_.epoch &&
                                    request.view.leader == s_.leader;
    if (is_voice_of_leader) {
        become_follower(request.view);
    } else {
        take_view(request.view);
    }
    respond(WireError::none);
}

void Stepper::take(const Outstanding& question, const BeginQuorumEpochResponse& response) {
    take_view(response.view);
    if (!is_leader() || s_.epoch != question.epoch) return;
    if (response.error != WireError::none) return;  // told again when it is due
    for (Progress& voter : s_.leading.voters) {
        if (voter.key.id == question.to) voter.has_acknowledged = true;
    }
}

// The first of n successors asks at once, the k-th waits min(max, (max >> (n-1)) << (k-1)), who is
// not named the longest.
Duration Stepper::succession_delay(const std::vector<ReplicaKey>& successors) const {
    const auto at = std::find(successors.begin(), successors.end(), s_.self);
    const Duration max = options_.timing.election_backoff_max;
    if (at == successors.end() || successors.size() > 30) return max;
    if (at == successors.begin()) return Duration();
    const std::int64_t first = max.nanoseconds() >> (successors.size() - 1);
    return std::min(max, Duration::nanoseconds(first << (at - successors.begin())));
}

void Stepper::answer(RequestToken token, const EndQuorumEpochRequest& request) {
    const auto respond = [&](WireError error) {
        reply(token, EndQuorumEpochResponse{error, view()});
    };
    if (request.view.epoch < s_.epoch) return respond(WireError::fenced_leader_epoch);
    if (!is_of_other(request.view)) return respond(WireError::invalid_request);
    take_view(request.view);
    const bool is_ours = s_.role == Role::follower && s_.epoch == request.view.epoch &&
                         s_.leader == request.view.leader && s_.is_voter();
    if (is_ours) {
        const Duration delay = succession_delay(request.successors);
        s_.is_leader_gone = true;
        s_.role_deadline = std::min(s_.role_deadline, now_ + delay);
    }
    respond(WireError::none);
}

void Stepper::take(const Outstanding& question, const EndQuorumEpochResponse& response) {
    std::erase(s_.to_be_told, question.to);
    take_view(response.view);
}

}  // namespace glasslog::raft
