#pragma once

// What a Raft machine (raft.hpp) is told, and what it wants done.

#include "core/raft/types.hpp"

#include <cstddef>
#include <variant>

namespace glasslog::raft {

using Request = std::variant<VoteRequest,
                             BeginQuorumEpochRequest,
                             EndQuorumEpochRequest,
                             FetchRequest,
                             FetchSnapshotRequest,
                             AddVoterRequest,
                             RemoveVoterRequest,
                             UpdateVoterRequest,
                             ProbeRequest>;

using Response = std::variant<VoteResponse,
                              BeginQuorumEpochResponse,
                              EndQuorumEpochResponse,
                              FetchResponse,
                              FetchSnapshotResponse,
                              VoterChangeResponse,
                              ProbeResponse>;

// ---------------------------------------------------------------------------------------- events

// The first event: arms the timers; a voter that is alone leads at once.
struct Start {};

// The time that wake_at named has come, or passed.
struct Tick {};

// A request of another node. The driver checked cluster id, topic and partition.
struct Received {
    RequestToken token;
    Request request;
};

// The answer to what was sent as `id`.
struct Answered {
    RequestId id;
    Response response;
};

// No answer will come.
struct Failed {
    RequestId id;
};

// The connection to `node` was reset, and a new one was refused: nobody listens there any more.
// Only told when fast detection is on.
struct Refused {
    NodeId node;
};

// Everything below `upto` of the log survives a loss of power. Never above a truncation that was
// asked for since that sync: what was cut and written anew is another log.
struct Synced {
    Offset upto;
};

// The state machine above wants `record_count` records at the end of the log, in one batch.
struct Propose {
    RequestToken token;
    std::int32_t record_count = 0;
};

// Is this node still the leader, as of now? Answered by ReadReply, when a record that was appended
// after the question is committed (Raft thesis 6.4, the simple way: a fetch names no question that
// it answers, so it cannot confirm a leader).
struct Read {
    RequestToken token;
};

// The voters of the configuration files go into the log, with what each told of itself, and may
// change from then on: kraft.version `level` (KIP-853). Answered by UpgradeReply: when that is
// committed, at once when it is so already, or only looked at.
struct UpgradeKraftVersion {
    RequestToken token;
    std::int16_t level = 0;
    bool is_only_checked = false;
};

// This node's state machine wrote a snapshot; the log below it may go.
struct SnapshotTaken {
    SnapshotId id;
};

// The log now begins, and ends, at the snapshot that install_snapshot named.
struct SnapshotInstalled {
    SnapshotId id;
    VotersAt voters;
};

// The last bytes that were fetched could not be kept, or the whole is broken: begin anew.
struct SnapshotRefused {
    SnapshotId id;
};

// Give the leadership away, in an orderly stop.
struct Resign {};

using Event = std::variant<Start,
                           Tick,
                           Received,
                           Answered,
                           Failed,
                           Refused,
                           Synced,
                           Propose,
                           Read,
                           UpgradeKraftVersion,
                           SnapshotTaken,
                           SnapshotInstalled,
                           SnapshotRefused,
                           Resign>;

// --------------------------------------------------------------------------------------- effects

// First batch of a leader's epoch. The driver writes a LeaderChange record and, where given, the
// kraft.version and the voters that the log does not hold yet. In that order, one batch.
struct LeaderChange {
    VoterSet voters;
    std::vector<NodeId> granting;
    bool writes_voters = false;
    std::int16_t kraft_version = 0;  // written with the voters

    friend bool operator==(const LeaderChange&, const LeaderChange&) = default;
};

// One NoOp record: when it is committed, this node led after it was written.
struct Barrier {
    friend bool operator==(const Barrier&, const Barrier&) = default;
};

// The records of a Propose.
struct Proposed {
    RequestToken token;

    friend bool operator==(const Proposed&, const Proposed&) = default;
};

// A control batch with one VotersRecord, behind a KRaftVersionRecord where that is raised.
struct VotersChange {
    VoterSet voters;
    std::optional<std::int16_t> kraft_version;

    friend bool operator==(const VotersChange&, const VotersChange&) = default;
};

// A batch of the answer `id`, the n-th, as it came.
struct Fetched {
    RequestId id;
    std::size_t index = 0;

    friend bool operator==(const Fetched&, const Fetched&) = default;
};

struct Append {
    Offset base;
    Offset end;
    LeaderEpoch epoch;
    std::variant<LeaderChange, Barrier, Proposed, VotersChange, Fetched> content;
};

// to: a voter, the leader, or -2 - n for the n-th bootstrap server.
struct Send {
    RequestId id;
    NodeId to;
    Request request;
};

// The answer to Propose: where its first record stands, or an error.
struct ProposeReply {
    WireError error = WireError::none;
    Offset base = no_offset;
    LeaderEpoch epoch = no_leader_epoch;
};

// The answer to Read: this node led when the question came, and all below `high_watermark` was
// committed then.
struct ReadReply {
    WireError error = WireError::none;
    Offset high_watermark = no_offset;
};

struct Reply {
    RequestToken token;
    std::variant<Response, ProposeReply, ReadReply, UpgradeReply> answer;
};

// The answer to a Fetch: the driver reads whole batches of [offset, upto), at least one, and adds
// them to `head`.
struct ReplyFromLog {
    RequestToken token;
    Offset offset;
    Offset upto;
    FetchResponse head;
};

// The answer to a FetchSnapshot: the driver adds the bytes from `position`, or answers
// snapshot_not_found, position_out_of_range.
struct ReplyFromSnapshot {
    RequestToken token;
    SnapshotId id;
    std::int64_t position = 0;
    FetchSnapshotResponse head;
};

// The bytes of the answer `answer` stand at `position` of the snapshot.
struct WriteSnapshot {
    SnapshotId id;
    RequestId answer;
    std::int64_t position = 0;
    bool is_last = false;  // verify it, make it the log's beginning, say SnapshotInstalled
};

// Why a node cannot go on; the driver stops it.
enum class Fatal : std::uint8_t {
    cut_below_high_watermark,  // a leader says that what is committed never was
};

// Executed in this order; docs/architecture.md.
struct Effects {
    std::optional<Offset> truncate;  // the log is cut to [.., here)
    std::vector<Append> append;
    std::optional<QuorumState> save;
    bool sync = false;  // one for truncate, append and save
    std::vector<Send> send_after_sync;
    std::vector<Reply> reply_after_sync;
    std::vector<Send> send;
    std::vector<Reply> reply;
    std::vector<ReplyFromLog> reply_from_log;
    std::vector<ReplyFromSnapshot> reply_from_snapshot;
    std::optional<WriteSnapshot> write_snapshot;
    std::optional<Offset> log_start;   // the log below may be deleted
    std::optional<Offset> apply_upto;  // committed
    std::optional<Instant> wake_at;    // replaces the one before
    bool is_role_new = false;          // role, epoch, leader or vote changed: look at state()
    std::optional<Fatal> fatal;
};

}  // namespace glasslog::raft
