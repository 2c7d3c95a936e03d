#pragma once

// All that a Raft machine knows (raft.hpp), as values: what checkers check and the window draws.

#include "core/raft/options.hpp"
#include "core/raft/types.hpp"

#include <cstdint>
#include <string_view>
#include <variant>

namespace glasslog::raft {

enum class Role : std::uint8_t { unattached, prospective, candidate, follower, leader, resigned };

// The answers to the votes of one round.
struct Election {
    std::vector<NodeId> granted;  // this node first
    std::vector<NodeId> rejected;
    std::uint32_t retries = 0;  // rounds lost since a leader was known
};

// What a leader knows of another replica.
struct Progress {
    ReplicaKey key;
    Offset end = no_offset;  // durable below; no_offset: nothing was said in this epoch
    Instant last_fetch;
    Instant last_caught_up;
    bool has_fetched = false;  // since a majority of the voters was last heard
    bool has_caught_up = false;
    bool has_acknowledged = false;  // BeginQuorumEpoch
    Instant begin_due;
};

struct ParkedFetch {
    RequestToken token;
    ReplicaKey replica;
    Offset offset;
    Offset high_watermark;
    Instant deadline;
};

// Answered when the record at `barrier` is committed.
struct ParkedRead {
    RequestToken token;
    Offset barrier;
    Instant deadline;
};

enum class ChangeStep : std::uint8_t { probing, committing };

// The one change of the voters that is under way.
struct VoterChange {
    std::optional<RequestToken> token;  // none: already answered
    ChangeStep step = ChangeStep::committing;
    VoterSet target;
    Voter added;  // while probing
    bool answers_when_committed = true;
    std::optional<std::int16_t> kraft_version;  // that it raises the quorum to
    Offset offset = no_offset;                  // of the VotersRecord
    Instant deadline;
};

struct Leading {
    Offset epoch_start;            // of its LeaderChange record
    bool has_committed = false;    // that record, and so what others may see of the high watermark
    std::vector<Progress> voters;  // others than this node, by id
    std::vector<Progress> observers;  // by key
    std::vector<ParkedFetch> fetches;
    std::vector<ParkedRead> reads;
    std::optional<VoterChange> change;
    std::vector<Voter> introduced;  // of a static quorum: what others told of themselves
    Instant quorum_deadline;        // resigns unless a majority fetched before
};

// A snapshot on its way from the leader.
struct Fetching {
    SnapshotId id;
    std::int64_t position = 0;
    bool is_installing = false;
};

// The question in flight to another node, one at a time.
struct Outstanding {
    NodeId to;
    RequestId id;
    std::uint8_t kind = 0;  // index in Request
    LeaderEpoch epoch;      // this node's when it asked
    Instant deadline;
};

struct Backoff {
    NodeId to;
    Instant until;
};

struct State {
    ReplicaKey self;
    Role role = Role::unattached;
    LeaderEpoch epoch{0};
    NodeId leader = no_node;
    std::vector<Endpoint> leader_endpoints;
    ReplicaKey voted;             // in this epoch; id no_node: nobody
    bool has_fetched = false;     // follower: from this leader, with success
    bool is_leader_gone = false;  // follower: it refuses connections, or said that it ends

    Offset log_start{0};
    Offset log_end{0};
    Offset synced_end{0};
    Offset high_watermark = no_offset;  // no_offset: unknown since the start
    log::EpochCache epochs;
    std::optional<SnapshotId> snapshot;
    std::vector<VotersAt> voter_history;  // by offset; the last is in force

    Election election;
    Leading leading;
    std::optional<Fetching> fetching;
    std::vector<Outstanding> outstanding;  // by node
    std::vector<Backoff> backoffs;
    std::size_t next_bootstrap = 0;
    Instant role_deadline = Instant::never();  // election, fetch or backoff timeout, by role
    std::vector<NodeId> to_be_told;            // resigned: voters that do not know
    Instant update_due = Instant::never();     // voter: tell the leader where we listen
    bool is_introduced = false;                // of a static quorum: this leader was told
    std::uint64_t request_count = 0;
    std::uint64_t draw_count = 0;
    Instant armed = Instant::never();  // the last wake_at
    QuorumState saved;                 // the last save
    bool is_failed = false;

    const VoterSet& voters() const { return voter_history.back().voters; }

    std::int16_t kraft_version() const { return voter_history.back().kraft_version; }

    bool is_voter() const { return voters().contains(self); }

    LeaderEpoch last_epoch() const;  // of the log's last record; 0 for an empty log
};

// "voted" for an unattached node that voted, "observer" for one that is no voter.
std::string_view role_name(const State& state);

}  // namespace glasslog::raft
