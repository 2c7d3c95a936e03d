#pragma once

// The values that the quorum of __cluster_metadata-0 speaks of. An epoch is Raft's term, an offset
// Raft's index; ends are exclusive. Sources: KIP-595, KIP-630, KIP-853; docs/raft.md.

#include "core/base/ids.hpp"
#include "core/base/strong.hpp"
#include "core/base/time.hpp"
#include "core/base/uuid.hpp"
#include "core/log/epoch_cache.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/messages/control_records.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace glasslog::raft {

using protocol::WireError;

// A node and the disk that it votes from: a voter that lost its disk is another voter (KIP-853).
// directory zero: not known, or not asked about.
struct ReplicaKey {
    NodeId id = no_node;
    Uuid directory;

    friend auto operator<=>(const ReplicaKey&, const ReplicaKey&) = default;
};

using Endpoint = protocol::VotersRecord::Endpoint;
using Voter = protocol::VotersRecord::Voter;
using KraftRange = protocol::VotersRecord::VersionFeature;

inline ReplicaKey key_of(const Voter& voter) {
    return {voter.voter_id, voter.voter_directory_id};
}

// The voters of the quorum, by id, each id once.
class VoterSet {
public:
    VoterSet() = default;

    // Sorts; of two with one id the first stays.
    explicit VoterSet(std::vector<Voter> voters);

    std::span<const Voter> all() const { return voters_; }

    std::size_t size() const { return voters_.size(); }

    // How many make a majority.
    std::size_t majority() const { return voters_.size() / 2 + 1; }

    const Voter* find(NodeId id) const;

    // True when this replica is the voter of its id: the directories are equal, or the set does
    // not know the voter's (a static quorum, KIP-595).
    bool contains(const ReplicaKey& key) const;

    VoterSet with(Voter voter) const;  // added, or put in the place of the one with its id
    VoterSet without(NodeId id) const;

    friend bool operator==(const VoterSet&, const VoterSet&) = default;

private:
    std::vector<Voter> voters_;
};

// What quorum-state keeps: it is durable before anything that rests on it is said.
struct QuorumState {
    LeaderEpoch epoch{0};
    NodeId leader = no_node;
    ReplicaKey voted;  // id no_node: nobody in this epoch

    friend bool operator==(const QuorumState&, const QuorumState&) = default;
};

// A snapshot holds the state that the log below `end` makes; epoch: of the record at end - 1.
struct SnapshotId {
    Offset end{0};
    LeaderEpoch epoch{0};

    friend auto operator<=>(const SnapshotId&, const SnapshotId&) = default;
};

// What the machine must know of one batch of the log. digest: names its content, for checkers.
struct Batch {
    Offset base;
    Offset end;
    LeaderEpoch epoch;
    std::uint64_t digest = 0;
    std::optional<VoterSet> voters;             // of a VotersRecord in it
    std::optional<std::int16_t> kraft_version;  // of a KRaftVersionRecord in it

    friend bool operator==(const Batch&, const Batch&) = default;
};

// The voters and kraft.version as of one offset of the log. offset: of the batch's last record;
// no_offset for those of the configuration, of a bootstrap snapshot.
struct VotersAt {
    Offset offset = no_offset;
    VoterSet voters;
    std::int16_t kraft_version = 0;

    friend bool operator==(const VotersAt&, const VotersAt&) = default;
};

inline constexpr std::int16_t dynamic_voters = 1;  // kraft.version with voters in the log

using RequestToken = Strong<struct RaftTokenTag, std::uint64_t>;  // an answer that is owed
using RequestId = Strong<struct RaftRequestTag, std::uint64_t>;   // a question that was sent

// ------------------------------------------------------------- requests and responses, typed

struct VoteRequest {
    LeaderEpoch epoch;
    ReplicaKey candidate;
    ReplicaKey voter;  // who is asked
    LeaderEpoch last_epoch;
    Offset end;  // of the candidate's log
    bool is_pre_vote = false;

    friend bool operator==(const VoteRequest&, const VoteRequest&) = default;
};

// Nobody was elected so often: a higher epoch is refused, so that an epoch can always be followed
// by another one.
inline constexpr LeaderEpoch epoch_max{INT32_MAX / 2};

// What every answer tells of the quorum. leader: no_node when unknown.
struct View {
    LeaderEpoch epoch;
    NodeId leader = no_node;
    std::vector<Endpoint> endpoints;  // of the leader; may be empty

    friend bool operator==(const View&, const View&) = default;
};

struct VoteResponse {
    WireError error = WireError::none;
    View view;
    bool is_granted = false;

    friend bool operator==(const VoteResponse&, const VoteResponse&) = default;
};

// The leader of an epoch tells its voters.
struct BeginQuorumEpochRequest {
    View view;
    ReplicaKey voter;

    friend bool operator==(const BeginQuorumEpochRequest&,
                           const BeginQuorumEpochRequest&) = default;
};

struct BeginQuorumEpochResponse {
    WireError error = WireError::none;
    View view;

    friend bool operator==(const BeginQuorumEpochResponse&,
                           const BeginQuorumEpochResponse&) = default;
};

// A leader that resigns names its successors, the one with the longest log first.
struct EndQuorumEpochRequest {
    View view;
    std::vector<ReplicaKey> successors;

    friend bool operator==(const EndQuorumEpochRequest&, const EndQuorumEpochRequest&) = default;
};

struct EndQuorumEpochResponse {
    WireError error = WireError::none;
    View view;

    friend bool operator==(const EndQuorumEpochResponse&, const EndQuorumEpochResponse&) = default;
};

// A replica asks for what stands at its log end, and so says that it durably has what is below.
struct FetchRequest {
    LeaderEpoch epoch;
    ReplicaKey replica;
    Offset offset;
    LeaderEpoch last_fetched_epoch;
    Offset high_watermark = Offset(INT64_MAX);  // that it knows; max: it does not tell (KIP-1166)
    Duration max_wait;

    friend bool operator==(const FetchRequest&, const FetchRequest&) = default;
};

// At most one of diverging, snapshot, batches says something. high_watermark no_offset: unknown.
struct FetchResponse {
    WireError error = WireError::none;
    View view;
    Offset high_watermark = no_offset;
    Offset log_start = no_offset;
    std::optional<log::EpochEnd> diverging;
    std::optional<SnapshotId> snapshot;
    std::vector<Batch> batches;

    friend bool operator==(const FetchResponse&, const FetchResponse&) = default;
};

struct FetchSnapshotRequest {
    LeaderEpoch epoch;
    ReplicaKey replica;
    SnapshotId snapshot;
    std::int64_t position = 0;

    friend bool operator==(const FetchSnapshotRequest&, const FetchSnapshotRequest&) = default;
};

// [position, position + byte_count) of `size` bytes.
struct FetchSnapshotResponse {
    WireError error = WireError::none;
    View view;
    SnapshotId snapshot;
    std::int64_t size = 0;
    std::int64_t position = 0;
    std::int64_t byte_count = 0;

    friend bool operator==(const FetchSnapshotResponse&, const FetchSnapshotResponse&) = default;
};

// KIP-853. acks: answer when committed, or when appended (Kafka 4.2).
struct AddVoterRequest {
    Voter voter;
    Duration timeout;
    bool answers_when_committed = true;

    friend bool operator==(const AddVoterRequest&, const AddVoterRequest&) = default;
};

struct RemoveVoterRequest {
    ReplicaKey voter;

    friend bool operator==(const RemoveVoterRequest&, const RemoveVoterRequest&) = default;
};

// A voter tells its leader where it listens and what it can.
struct UpdateVoterRequest {
    LeaderEpoch epoch;
    Voter voter;

    friend bool operator==(const UpdateVoterRequest&, const UpdateVoterRequest&) = default;
};

// To the three above.
struct VoterChangeResponse {
    WireError error = WireError::none;
    View view;

    friend bool operator==(const VoterChangeResponse&, const VoterChangeResponse&) = default;
};

// Asks a node that wants to vote what it can (ApiVersions).
struct ProbeRequest {
    friend bool operator==(const ProbeRequest&, const ProbeRequest&) = default;
};

struct ProbeResponse {
    WireError error = WireError::none;
    KraftRange kraft_version;

    friend bool operator==(const ProbeResponse&, const ProbeResponse&) = default;
};

// Why a voter cannot be written into the log.
enum class VoterLack : std::uint8_t {
    nothing,
    does_not_fetch,
    unknown,  // its disk and endpoints, to this leader
    too_old,  // for the level
};

// What came of raising kraft.version. voter: who lacks something, with invalid_update_version;
// no_node: the level is lower. is_written: the record is in this log, and may be committed yet,
// whatever the error.
struct UpgradeReply {
    WireError error = WireError::none;
    NodeId voter = no_node;
    VoterLack lack = VoterLack::nothing;
    bool is_written = false;

    friend bool operator==(const UpgradeReply&, const UpgradeReply&) = default;
};

}  // namespace glasslog::raft
