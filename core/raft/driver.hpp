#pragma once

// The driver of a quorum node: tells the machine (raft.hpp) what happened, and does on disk and
// network what it wants, in the order of events.hpp. It decides nothing. Only the files of
// ReplicatedLog include it. docs/raft-driver.md.
//
//   a step's writes (truncate, append, save) are issued at once, in order;
//   what a step holds back until they are durable waits for the next sync, one at a time, that
//   covers all that was issued before it (group commit), or is dropped when what it rests on is
//   cut off meanwhile;
//   everything else goes out at once; answers in a task of their own.

#include "core/raft/applier.hpp"
#include "core/raft/metadata_log.hpp"
#include "core/raft/peers.hpp"
#include "core/raft/raft.hpp"
#include "core/raft/replicated.hpp"
#include "core/raft/wire.hpp"
#include "core/runtime/gate.hpp"

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace glasslog::raft {

class ReplicatedLog::Driver {
public:
    Driver(const runtime::Runtime& runtime,
           storage::LogDirectory& directory,
           QuorumOptions options);

    void start(LogListener listener, runtime::IoDone<void> done);
    void stop(UniqueFunction<void(bool is_clean)> done);
    Expected<Proposal, WireError> propose(std::span<const Bytes> values);
    void read(UniqueFunction<void(Expected<Offset, WireError>)> done);
    void upgrade_kraft_version(std::int16_t level,
                               bool is_only_checked,
                               UniqueFunction<void(UpgradeReply)> done);
    void take_snapshot(NewSnapshot snapshot, runtime::IoDone<void> done);

    // Takes one request: it is told to the machine, or refused at once.
    template <typename WireRequest, typename WireResponse>
    void take(const WireRequest& request, Answer<WireResponse> done);

    void describe(const protocol::DescribeQuorumRequest& request,
                  Answer<protocol::DescribeQuorumResponse> done);

    const State& state() const { return raft_ ? raft_->state() : not_open_; }

    bool is_active() const { return applier_.is_active(); }

private:
    // An event, with the bytes that the machine does not see: values of a Propose, batches of a
    // fetched answer, the range of a snapshot.
    struct Input {
        Event event;
        std::vector<Bytes> bytes = {};
    };

    // What a request is answered with. bytes: of the log or a snapshot.
    using Deliver = UniqueFunction<void(const Response& response, Payload bytes)>;

    struct Owed {
        Deliver deliver;
        std::size_t bytes_max = 0;
        std::optional<VoteRequest> vote;  // for the trace
    };

    // Of one step, until its sync.
    struct Held {
        std::uint64_t round = 0;
        Offset cause_end;  // of what the step appended; 0: nothing
        std::vector<Send> sends;
        std::vector<Reply> replies;
    };

    bool is_alive() const { return raft_ && !has_failed_ && !is_closed_; }

    // --- driver.cpp
    void opened(Opened opened);
    void warn_of_voters();
    void step(Input input);
    void execute(Effects fx, const Input& input);
    void write(const Effects& fx, const Input& input);
    Bytes bytes_of(const Append& append, const Input& input) const;
    void hold(Effects& fx);
    void drop_held_above(Offset end);
    void begin_round();
    void end_round(Offset upto);
    void wake_at(Instant when);
    void write_snapshot(const WriteSnapshot& what, const Input& input);
    void install_snapshot(SnapshotId id);
    void snapshot_failed(SnapshotId id);
    void tell_trace();
    void tell_commit();
    void fail(IoError error);
    void finish_stop();
    void close();

    // --- driver_talk.cpp
    void send(Send what);
    std::optional<runtime::Endpoint> endpoint_of(NodeId to) const;
    template <typename WireResponse, typename WireRequest>
    void ask(const Send& what, WireRequest request, const runtime::Endpoint& at);
    void note_cluster(const runtime::Endpoint& at, protocol::WireError error);
    void lost(NodeId to, const runtime::Endpoint& at, const rpc::RpcError& error);
    void failed(RequestId id);
    void answered(RequestId id, Heard heard);
    void reply(Reply what);
    void reply_read(RequestToken token, const ReadReply& answer);
    void reply_upgrade(RequestToken token, UpgradeReply answer);
    void reply_from_log(ReplyFromLog what);
    void reply_from_snapshot(ReplyFromSnapshot what);
    void deliver(RequestToken token, Response response, Payload bytes);
    void later(runtime::Task task);
    void settle_reads();

    const runtime::Runtime& runtime_;
    QuorumOptions options_;
    WireContext context_;
    MetadataLog log_;
    Applier applier_;
    Peers peers_;
    std::optional<Raft> raft_;
    State not_open_;

    runtime::IoDone<void> started_;
    UniqueFunction<void(bool)> stopped_;
    LogListener listener_;  // until the log is open
    bool is_stopping_ = false;
    bool has_failed_ = false;
    bool is_closed_ = false;

    std::deque<Input> inputs_;
    bool is_stepping_ = false;
    std::deque<runtime::Task> outbox_;

    std::deque<Held> held_;
    std::uint64_t rounds_begun_ = 0;
    bool is_syncing_ = false;

    std::uint64_t last_token_ = 0;
    std::map<RequestToken, Owed> owed_;
    std::map<RequestToken, UniqueFunction<void(Expected<Offset, WireError>)>> reads_;
    std::map<RequestToken, UniqueFunction<void(UpgradeReply)>> upgrades_;

    // Reads that are confirmed and wait until the listener was told so far.
    struct ConfirmedRead {
        Offset upto;
        UniqueFunction<void(Expected<Offset, WireError>)> done;
    };

    std::vector<ConfirmedRead> confirmed_;
    std::optional<ProposeReply> proposed_;
    std::set<runtime::Endpoint> strangers_;  // said last that they are of another cluster
    std::size_t farewell_count_ = 0;         // EndQuorumEpochs on their way

    struct Told {
        std::string role;
        LeaderEpoch epoch{-1};
        NodeId leader = no_node;
        NodeId voted = no_node;
        Offset high_watermark = no_offset;
        std::optional<VotersAt> voters;
    };

    Told told_;
    runtime::Timer tick_;
    runtime::Timer stop_timer_;
    runtime::Gate gate_;
};

}  // namespace glasslog::raft
