// Moves between the roles, with what each arms. docs/raft.md has the table.

#include "core/base/check.hpp"
#include "core/base/random.hpp"
#include "core/raft/stepper.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::raft {

View Stepper::view() const {
    return {s_.epoch, s_.leader, s_.leader_endpoints};
}

std::uint64_t Stepper::draw() {
    const auto epoch = static_cast<std::uint64_t>(s_.epoch.value());
    return StableHash().add(options_.seed).add(epoch).add(++s_.draw_count).value();
}

Duration Stepper::election_timeout() {
    const std::int64_t base = options_.timing.election_timeout.nanoseconds();
    const std::uint64_t drawn = draw();
    return Duration::nanoseconds(base + between(drawn, 0, base));
}

// min(100 ms times a number below 2^retries, the maximum), but never nothing: two that lost to each
// other must not meet again at once.
Duration Stepper::election_backoff() {
    const std::uint32_t power = std::min<std::uint32_t>(s_.election.retries, 20);
    const std::int64_t max = options_.timing.election_backoff_max.nanoseconds();
    const std::uint64_t drawn = draw();
    const std::int64_t step = Duration::milliseconds(100).nanoseconds();
    const std::int64_t longest = std::min(max, step << power);
    const std::int64_t shortest = std::min(options_.timing.retry_backoff.nanoseconds(), longest);
    return Duration::nanoseconds(between(drawn, shortest, longest));
}

// Answers who waits for this role, and forgets what belonged to it alone.
void Stepper::leave_role(WireError why) {
    if (is_leader()) {
        const FetchResponse head = fetch_head();
        for (const ParkedFetch& fetch : s_.leading.fetches) {
            FetchResponse response = head;
            response.error = why;
            reply(fetch.token, std::move(response));
        }
        for (const ParkedRead& read : s_.leading.reads)
            fx_.reply.push_back({read.token, ReadReply{why}});
        end_change(why);
        s_.leading = {};
    }
    s_.election.granted.clear();
    s_.election.rejected.clear();
    s_.to_be_told.clear();
    // What the driver installs will replace the log, whoever leads then: until it has, no record
    // is fetched, and no other snapshot.
    if (s_.fetching && !s_.fetching->is_installing) s_.fetching.reset();
    s_.outstanding.clear();
    s_.backoffs.clear();
    s_.update_due = Instant::never();
    fx_.is_role_new = true;
}

void Stepper::become_unattached(LeaderEpoch epoch) {
    CHECK(epoch >= s_.epoch);
    const bool keeps_deadline = !is_leader() && s_.role_deadline != Instant::never() &&
                                s_.role_deadline > now_ && s_.role != Role::resigned;
    leave_role(WireError::not_leader_or_follower);
    s_.role = Role::unattached;
    if (epoch > s_.epoch) s_.voted = {};
    s_.epoch = epoch;
    s_.leader = no_node;
    s_.leader_endpoints.clear();
    s_.has_fetched = false;
    s_.is_leader_gone = false;
    if (!s_.is_voter()) {
        s_.role_deadline = Instant::never();
    } else if (!keeps_deadline) {
        s_.role_deadline = now_ + election_timeout();
    }
}

void Stepper::become_prospective() {
    CHECK(s_.is_voter());
    if (options_.rules.pre_vote == PreVoteRule::none) return become_candidate();
    leave_role(WireError::not_leader_or_follower);
    s_.role = Role::prospective;
    s_.election.granted.push_back(s_.self.id);
    s_.role_deadline = now_ + election_timeout();
    count_votes();
}

void Stepper::become_candidate() {
    CHECK(s_.is_voter());
    leave_role(WireError::not_leader_or_follower);
    s_.role = Role::candidate;
    s_.epoch = s_.epoch + 1;
    s_.voted = s_.self;
    s_.leader = no_node;
    s_.leader_endpoints.clear();
    s_.has_fetched = false;
    s_.is_leader_gone = false;
    s_.election.granted.push_back(s_.self.id);
    s_.role_deadline = now_ + election_timeout();
    count_votes();
}

void Stepper::become_leader() {
    std::vector<NodeId> granting = s_.election.granted;
    std::sort(granting.begin(), granting.end());
    leave_role(WireError::not_leader_or_follower);
    s_.role = Role::leader;
    s_.leader = s_.self.id;
    s_.leader_endpoints = options_.endpoints;
    s_.election.retries = 0;
    s_.role_deadline = Instant::never();
    s_.leading = {};
    s_.leading.epoch_start = s_.log_end;
    rebuild_progress();
    note_quorum();
    append_leader_change(std::move(granting));
}

void Stepper::become_follower(const View& view) {
    CHECK(view.epoch >= s_.epoch);
    CHECK(view.leader != no_node && view.leader != s_.self.id);
    leave_role(WireError::not_leader_or_follower);
    s_.role = Role::follower;
    if (view.epoch > s_.epoch) s_.voted = {};
    const bool is_same = view.epoch == s_.epoch && view.leader == s_.leader;
    s_.epoch = view.epoch;
    s_.leader = view.leader;
    if (!is_same || !view.endpoints.empty()) s_.leader_endpoints = view.endpoints;
    if (s_.leader_endpoints.empty()) {
        if (const Voter* voter = s_.voters().find(view.leader))
            s_.leader_endpoints = voter->endpoints;
    }
    s_.has_fetched = false;
    s_.is_leader_gone = false;
    s_.role_deadline = now_ + options_.timing.fetch_timeout;
    expect_update();
}

// When this follower next tells its leader of itself (questions.cpp:ask_about_voters).
void Stepper::expect_update() {
    const bool is_static = s_.kraft_version() < dynamic_voters;
    s_.is_introduced = false;
    s_.update_due = is_static ? now_ : now_ + options_.timing.fetch_timeout * 3;
}

void Stepper::become_resigned() {
    std::vector<Progress> told = s_.leading.voters;
    leave_role(WireError::not_leader_or_follower);
    s_.role = Role::resigned;
    s_.leader = no_node;
    s_.leader_endpoints.clear();
    for (const Progress& voter : told)
        s_.to_be_told.push_back(voter.key.id);
    s_.role_deadline = now_ + election_timeout();
}

// Another node speaks as the leader of an epoch that can be.
bool Stepper::is_of_other(const View& view) const {
    return view.leader >= NodeId(0) && view.leader != s_.self.id && view.epoch <= epoch_max;
}

// What another node says of the quorum; the higher epoch is right.
void Stepper::take_view(const View& view) {
    if (view.epoch > epoch_max) return;
    const bool is_other = is_of_other(view);
    if (view.epoch > s_.epoch) {
        return is_other ? become_follower(view) : become_unattached(view.epoch);
    }
    if (view.epoch < s_.epoch || !is_other) return;
    switch (s_.role) {
        case Role::unattached:
        case Role::candidate:
            return become_follower(view);
        case Role::prospective:
            // That the last leader is still said to lead is no news; only its own voice is.
            if (s_.leader == no_node) become_follower(view);
            return;
        case Role::follower:
            // An observer that looked around is told that its leader leads on: it asks it again.
            if (!s_.is_voter() && s_.is_leader_gone) return become_follower(view);
            if (view.leader == s_.leader && !view.endpoints.empty()) {
                s_.leader_endpoints = view.endpoints;
            }
            return;
        case Role::leader:
        case Role::resigned:
            return;
    }
}

// A round of pre-votes came to nothing: back to the last leader, who may be there after all.
void Stepper::give_up_asking() {
    if (s_.leader == no_node) return become_unattached(s_.epoch);
    const bool is_gone = s_.is_leader_gone;
    become_follower(view());
    if (!is_gone) return;
    ++s_.election.retries;
    s_.is_leader_gone = true;
    s_.role_deadline = now_ + election_backoff();
}

void Stepper::role_deadline_passed() {
    s_.role_deadline = Instant::never();
    if (!s_.is_voter()) {
        // An observer that hears nothing from its leader looks for another (questions.cpp).
        if (s_.role == Role::follower) s_.is_leader_gone = true;
        // A leader that removed itself: whoever leads next has a higher epoch.
        if (s_.role == Role::resigned) become_unattached(s_.epoch + 1);
        return;
    }
    switch (s_.role) {
        case Role::unattached:
        case Role::follower:
            return become_prospective();
        case Role::candidate:
            ++s_.election.retries;
            return become_prospective();
        case Role::prospective:
            return give_up_asking();
        case Role::resigned:
            return become_unattached(s_.epoch + 1);
        case Role::leader:
            return;
    }
}

}  // namespace glasslog::raft
