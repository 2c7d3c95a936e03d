#include "sim/direct/rules.hpp"

#include <array>

namespace glasslog::sim::direct {
namespace {

// clang-format off
constexpr std::array<Mistake, 13> all{{
    {"commit", "any_epoch", "raft-figure-8", "M7",
     [](raft::Rules& r) { r.commit = raft::CommitRule::any_epoch; }},
    {"commit", "reaches_epoch_start", "kraft-hw-off-by-one", "M7",
     [](raft::Rules& r) { r.commit = raft::CommitRule::reaches_epoch_start; }},
    {"vote", "reply_at_once", "vote-not-persisted", "R6",
     [](raft::Rules& r) { r.vote = raft::VoteRule::reply_at_once; }},
    {"vote_log", "any_log", "no-log-check-in-vote", "R4",
     [](raft::Rules& r) { r.vote_log = raft::VoteLogRule::any_log; }},
    {"fetch_answer", "cut_to_answer", "stale-append-truncates", "R9",
     [](raft::Rules& r) { r.fetch_answer = raft::FetchAnswerRule::cut_to_answer; }},
    {"follower_commit", "any_answer", "commit-past-verified", "R9",
     [](raft::Rules& r) { r.follower_commit = raft::FollowerCommitRule::any_answer; }},
    {"prefix", "offset_only", "no-prev-check", "R3",
     [](raft::Rules& r) { r.prefix = raft::PrefixRule::offset_only; }},
    {"reconfigure", "at_once", "single-server-change-no-noop", "R10",
     [](raft::Rules& r) { r.reconfigure = raft::ReconfigureRule::at_once; }},
    {"pre_vote", "none", "disruptive-rejoin", "R-L2",
     [](raft::Rules& r) { r.pre_vote = raft::PreVoteRule::none; }},
    {"check_quorum", "none", "leader-without-checkquorum", "R-L3",
     [](raft::Rules& r) { r.check_quorum = raft::CheckQuorumRule::none; }},
    {"read", "from_memory", "stale-leader-read", "R11",
     [](raft::Rules& r) { r.read = raft::ReadRule::from_memory; }},
    {"restart", "leader_again", "kraft-rejoin-same-epoch", "M2",
     [](raft::Rules& r) { r.restart = raft::RestartRule::leader_again; }},
    {"flush", "never", "kraft-no-flush", "R8",
     [](raft::Rules& r) { r.flush = raft::FlushRule::never; }},
}};
// clang-format on

}  // namespace

std::span<const Mistake> mistakes() {
    return all;
}

Expected<const Mistake*, InputError> find_mistake(std::string_view text, std::string_view where) {
    std::string known;
    for (const Mistake& one : all) {
        if (one.text() == text || one.exhibit == text) return &one;
        known += (known.empty() ? "" : ", ") + one.text();
    }
    return Unexpected{InputError{.where = std::string(where),
                                 .what = "no mistake '" + std::string(text) + "'",
                                 .expected = known,
                                 .hint = {}}};
}

}  // namespace glasslog::sim::direct
