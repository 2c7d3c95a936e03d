#pragma once

// Replica: the driver of one Partition machine: its log, what waits for it, and its timers. Used
// inside this room only.

#include "core/base/unique_function.hpp"
#include "core/metadata/configs.hpp"
#include "core/protocol/record_batch.hpp"
#include "core/replication/partition.hpp"
#include "core/replication/replica_manager.hpp"
#include "core/runtime/gate.hpp"
#include "core/runtime/runtime.hpp"
#include "core/storage/partition_log.hpp"

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace glasslog::replication {

// The manager, as its replicas see it. Called during a step of the replica, which must not be
// called back before that ends.
class ReplicaListener {
public:
    virtual ~ReplicaListener() = default;

    // A watcher of a parked fetch has news.
    virtual void on_news(const News& news) = 0;

    // The log takes nothing any more.
    virtual void on_failure(const IoError& error) = 0;
};

struct ReplicaSetup {
    PartitionId id;
    storage::PartitionName name;
    std::string path;
    storage::OpenLog how;
    std::optional<Offset> high_watermark;  // of the checkpoint
    metadata::TopicSettings settings;
    const ReplicaOptions& options;  // of the manager
};

storage::LogConfig log_config(const metadata::TopicSettings& settings,
                              Duration producer_expiration);
PartitionConfig partition_config(const metadata::TopicSettings& settings);

class Replica {
public:
    Replica(const runtime::Runtime& runtime, ReplicaListener& listener, ReplicaSetup setup);

    Replica(const Replica&) = delete;
    Replica& operator=(const Replica&) = delete;

    // The folder exists. A log that cannot be opened makes a replica that answers 56.
    void open(UniqueFunction<void()> done);

    bool is_open() const { return partition_.has_value() || has_failed_; }

    // open() was called, and has not ended.
    bool is_opening() const { return static_cast<bool>(opened_); }

    // When opening ends, `next` runs, too. Only when is_opening().
    void open_then(UniqueFunction<void()> next);

    // `ready` runs when is_open(), in order; false when too many wait.
    bool when_open(UniqueFunction<void()> ready);

    // What waits for the log goes on, and finds the replica closed or gone.
    void release_waiting();

    // Leadership and configuration may come before the log is open.
    void lead(Lead lead);
    void resign();
    void configure(const metadata::TopicSettings& settings);

    // The rest: only when is_open().
    void append(AppendRequest request, Answer<AppendResult> done);
    FetchReply fetch(const Fetch& event);
    void watch(const Watch& event);
    void unwatch(RequestToken token);
    void list_offset(ListOffset event, Answer<ListOffsetReply> done);
    DeleteRecordsReply delete_records(Offset offset);
    EndOfEpochReply end_of_epoch(const EpochRequest& request);

    // From memory, or empty.
    std::optional<storage::ReadResult> read_cached(const storage::ReadRequest& request) const;

    // Exactly once, also when the replica goes first.
    void read(const storage::ReadRequest& request, runtime::IoDone<storage::ReadResult> done);

    void apply_retention(UniqueFunction<void()> done);
    void expire_producers();

    // Answers what waits, then closes the log. No call afterwards, but recovery_point(). is_clean:
    // everything that was appended is durable, and the files say so.
    void close(UniqueFunction<void(bool is_clean)> done);

    const PartitionId& id() const { return setup_.id; }

    const storage::PartitionName& name() const { return setup_.name; }

    const State* state() const { return partition_ ? &partition_->state() : nullptr; }

    LeaderEpoch leader_epoch() const;

    std::uint64_t size_bytes() const { return log_.size_bytes(); }

    Offset recovery_point() const { return recovery_point_.value_or(log_.recovery_point()); }

    void recovery_point_saved(Offset point) { log_.recovery_point_saved(point); }

private:
    // The batch of the Produce event that is being stepped.
    struct Incoming {
        Bytes batch;
        protocol::BatchAssignment assignment;
        log::BatchFacts facts;
    };

    struct WaitingProduce {
        RequestToken token;
        WallTime append_time;  // of a topic with LogAppendTime
        Answer<AppendResult> done;
    };

    void opened(Expected<storage::Loaded, IoError> loaded);
    void fail(const IoError& error);
    WireError error_before_batch(const AppendRequest& request) const;
    void run(const Event& event);
    void execute(Effects effects);
    void append_to_log(const Append& append);
    void sync_log();
    void answer(const Reply& reply);
    void answer_by_time(const ReplyByTime& question);
    void wake_at(const WakeAt& alarm);
    void note(const Effects& effects);
    template <typename T>
    T ask(const Event& event);

    const runtime::Runtime& runtime_;
    ReplicaListener& listener_;
    ReplicaSetup setup_;
    storage::PartitionLog log_;
    std::optional<Partition> partition_;  // when the log is open
    bool has_failed_ = false;
    bool is_closing_ = false;
    bool is_in_call_ = false;  // of append(): it must not be answered before it returned

    std::optional<Lead> due_lead_;  // until the log is open
    UniqueFunction<void()> opened_;
    std::vector<UniqueFunction<void()>> waiting_for_log_;

    std::uint64_t last_token_ = 0;
    std::optional<Incoming> incoming_;
    std::deque<WaitingProduce> produces_;
    std::map<RequestToken, Answer<ListOffsetReply>> by_time_;
    std::map<std::uint64_t, runtime::IoDone<storage::ReadResult>> reads_;
    std::optional<AnyReply> direct_reply_;  // of ask()
    std::optional<Offset> recovery_point_;  // after a clean close
    std::array<runtime::Timer, 2> timers_;
    runtime::Gate gate_;
};

}  // namespace glasslog::replication
