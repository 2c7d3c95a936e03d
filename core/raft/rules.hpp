#pragma once

// Mistakes that only a simulation can make: each is one that a real consensus, or its author, once
// made. The first enumerator is the protocol. docs/simulator.md tells what each breaks.

#include <cstdint>

namespace glasslog::raft {

// What a leader calls committed.
enum class CommitRule : std::uint8_t {
    own_epoch,            // a majority has its first record, and so all before it
    any_epoch,            // raft-figure-8: a majority has it, whoever wrote it
    reaches_epoch_start,  // kraft-hw-off-by-one: a majority has all *before* its first record
};

enum class VoteRule : std::uint8_t {
    persist_before_reply,
    reply_at_once,  // vote-not-persisted
};

enum class VoteLogRule : std::uint8_t {
    up_to_date_only,
    any_log,  // no-log-check-in-vote
};

// Which answer to a fetch a follower takes.
enum class FetchAnswerRule : std::uint8_t {
    expected_only,  // that of the request in flight, at the log end
    cut_to_answer,  // stale-append-truncates: any; the log is cut where the answer begins
};

// Which answers move a follower's high watermark.
enum class FollowerCommitRule : std::uint8_t {
    verified_prefix,
    any_answer,  // commit-past-verified: one that says "you diverge", too
};

// How a leader checks that a follower's log is a prefix of its own.
enum class PrefixRule : std::uint8_t {
    epoch_and_offset,
    offset_only,  // no-prev-check
};

enum class ReconfigureRule : std::uint8_t {
    after_commit_in_own_epoch,
    at_once,  // single-server-change-no-noop
};

enum class PreVoteRule : std::uint8_t {
    asks_first,
    none,  // disruptive-rejoin
};

enum class CheckQuorumRule : std::uint8_t {
    resigns_when_alone,
    none,  // leader-without-checkquorum
};

enum class ReadRule : std::uint8_t {
    after_commit,
    from_memory,  // stale-leader-read
};

enum class RestartRule : std::uint8_t {
    resigned,
    leader_again,  // kraft-rejoin-same-epoch
};

enum class FlushRule : std::uint8_t {
    before_acknowledging,
    never,  // kraft-no-flush
};

struct Rules {
    CommitRule commit = CommitRule::own_epoch;
    VoteRule vote = VoteRule::persist_before_reply;
    VoteLogRule vote_log = VoteLogRule::up_to_date_only;
    FetchAnswerRule fetch_answer = FetchAnswerRule::expected_only;
    FollowerCommitRule follower_commit = FollowerCommitRule::verified_prefix;
    PrefixRule prefix = PrefixRule::epoch_and_offset;
    ReconfigureRule reconfigure = ReconfigureRule::after_commit_in_own_epoch;
    PreVoteRule pre_vote = PreVoteRule::asks_first;
    CheckQuorumRule check_quorum = CheckQuorumRule::resigns_when_alone;
    ReadRule read = ReadRule::after_commit;
    RestartRule restart = RestartRule::resigned;
    FlushRule flush = FlushRule::before_acknowledging;
};

}  // namespace glasslog::raft
