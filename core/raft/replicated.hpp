#pragma once

// ReplicatedLog: the metadata log as its users see it: they propose records, are told in order what
// is committed, and whether this node is the active leader. Behind it stand the machine (raft.hpp)
// and its driver (driver.hpp). A quorum of this node alone is one, too.
//
//   on_snapshot and on_batch tell the committed log, from its beginning, each part once and in
//   order, on a leader as on a follower or observer;
//   on_leadership(e) comes when all up to and including the LeaderChange record of epoch e was
//   told: from then on propose() takes records, until on_leadership_lost(e).
//
// Callbacks run on the reactor's executor, never inside a call; those of calls exactly once while
// the log lives. They must not destroy it.

#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/base/unique_function.hpp"
#include "core/protocol/messages/add_raft_voter.hpp"
#include "core/protocol/messages/begin_quorum_epoch.hpp"
#include "core/protocol/messages/describe_quorum.hpp"
#include "core/protocol/messages/end_quorum_epoch.hpp"
#include "core/protocol/messages/fetch.hpp"
#include "core/protocol/messages/fetch_snapshot.hpp"
#include "core/protocol/messages/remove_raft_voter.hpp"
#include "core/protocol/messages/update_raft_voter.hpp"
#include "core/protocol/messages/vote.hpp"
#include "core/raft/options.hpp"
#include "core/raft/state.hpp"
#include "core/runtime/runtime.hpp"
#include "core/storage/log_directory.hpp"
#include "core/storage/recovery.hpp"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace glasslog::raft {

struct QuorumOptions {
    Options machine;  // seed and bootstrap_server_count are set by the driver
    std::string cluster_id;
    std::string listener = "CONTROLLER";  // of the controllers
    // Asked by a node that knows no leader (controller.quorum.bootstrap.servers).
    std::vector<runtime::Endpoint> bootstrap_servers;
    // In force unless a snapshot or the log names others: this node alone, or those of
    // controller.quorum.voters.
    VotersAt configured;
    storage::Shutdown shutdown = storage::Shutdown::unclean;
    bool is_new = true;                             // the folder must be made
    std::int32_t fetch_bytes_max = 1 << 20;         // controller.quorum.fetch.max.bytes
    std::int32_t snapshot_bytes_max = 1 << 20;      // controller.quorum.fetch.snapshot.max.bytes
    Duration stop_wait_max = Duration::seconds(1);  // for voters to hear that this leader ends
};

// One batch of the log, as it stands there.
struct CommittedBatch {
    Offset base;
    Offset end;
    LeaderEpoch epoch;
    Bytes bytes;
};

// The values of a snapshot's records come instead of the batches below id.end.
struct LoadedSnapshot {
    SnapshotId id;
    std::int16_t kraft_version = 0;
    std::vector<Bytes> values;
};

struct LogListener {
    UniqueFunction<void(LoadedSnapshot)> on_snapshot;
    UniqueFunction<void(const CommittedBatch&)> on_batch;
    UniqueFunction<void(LeaderEpoch)> on_leadership;
    UniqueFunction<void(LeaderEpoch)> on_leadership_lost;
    // Once, and the last: this node's log failed, and the node should stop.
    UniqueFunction<void(IoError)> on_failure;
};

// Where proposed records stand, if they are ever committed.
struct Proposal {
    Offset base;
    LeaderEpoch epoch;
};

template <typename Response>
using Answer = UniqueFunction<void(Response)>;

class ReplicatedLog {
public:
    // directory: already open.
    ReplicatedLog(const runtime::Runtime& runtime,
                  storage::LogDirectory& directory,
                  QuorumOptions options);
    ~ReplicatedLog();
    ReplicatedLog(const ReplicatedLog&) = delete;
    ReplicatedLog& operator=(const ReplicatedLog&) = delete;

    // Opens what is on the disk and takes part in the quorum. Once.
    void start(LogListener listener, runtime::IoDone<void> done);

    // A leader gives its epoch away and waits a little that others hear it; then all is closed.
    // Also before start() is done. is_clean: the log was open and is closed in order.
    void stop(UniqueFunction<void(bool is_clean)> done);

    // One atomic batch with these values, at end(). not_leader_or_follower unless is_active().
    Expected<Proposal, protocol::WireError> propose(std::span<const Bytes> values);

    // Answers when this node is sure to lead still, or as of the question, and has told its
    // listener all that was committed then: the end of that.
    void read(UniqueFunction<void(Expected<Offset, protocol::WireError>)> done);

    // Writes the voters of the configuration files into the log, so that they may change from then
    // on (UpgradeKraftVersion). Answers when that is committed; or when only looked at, at once.
    void upgrade_kraft_version(std::int16_t level,
                               bool is_only_checked,
                               UniqueFunction<void(UpgradeReply)> done);

    // The state that everything below `id.end` makes; id.epoch: of the record below it. Everything
    // below was told to the listener. time: of the newest batch inside. Then the log below may go.
    struct NewSnapshot {
        SnapshotId id;
        std::int64_t time = 0;
        std::vector<Bytes> values;
    };

    void take_snapshot(NewSnapshot snapshot, runtime::IoDone<void> done);

    // True between on_leadership and the end of that epoch here.
    bool is_active() const;

    // After the last record of the log, committed or not.
    Offset end() const;

    // The high watermark; 0 when nothing is known to be committed.
    Offset committed_end() const;

    // Before start() is done: all as a new machine has it.
    const State& state() const;

    // Requests of other nodes and of administrators. The answers may come much later, or never when
    // the log stops.
    void handle(const protocol::FetchRequest& request, Answer<protocol::FetchResponse> done);
    void handle(const protocol::VoteRequest& request, Answer<protocol::VoteResponse> done);
    void handle(const protocol::BeginQuorumEpochRequest& request,
                Answer<protocol::BeginQuorumEpochResponse> done);
    void handle(const protocol::EndQuorumEpochRequest& request,
                Answer<protocol::EndQuorumEpochResponse> done);
    void handle(const protocol::FetchSnapshotRequest& request,
                Answer<protocol::FetchSnapshotResponse> done);
    void handle(const protocol::AddRaftVoterRequest& request,
                Answer<protocol::AddRaftVoterResponse> done);
    void handle(const protocol::RemoveRaftVoterRequest& request,
                Answer<protocol::RemoveRaftVoterResponse> done);
    void handle(const protocol::UpdateRaftVoterRequest& request,
                Answer<protocol::UpdateRaftVoterResponse> done);
    void handle(const protocol::DescribeQuorumRequest& request,
                Answer<protocol::DescribeQuorumResponse> done);

private:
    class Driver;
    std::unique_ptr<Driver> driver_;
};

}  // namespace glasslog::raft
