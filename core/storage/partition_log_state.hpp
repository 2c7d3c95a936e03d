#pragma once

// PartitionLog::State: what partition_log.hpp hides. Bodies: partition_log.cpp (opening, appending,
// syncing), partition_log_change.cpp (roll, truncation, retention, close), partition_log_read.cpp
// (reads and look-ups).
//
// What a call changes in memory it changes at once; what it needs of the disk goes through a
// pipeline in the order of issue: an append goes straight to the file unless a change of files (a
// roll, a deletion) is under way, behind which it waits. While a truncation runs, what the log
// holds is not known: calls are kept whole and made afterwards.

#include "core/runtime/gate.hpp"
#include "core/storage/atomic_file.hpp"
#include "core/storage/job.hpp"
#include "core/storage/names.hpp"
#include "core/storage/partition_log.hpp"

#include <array>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace glasslog::storage {

// Where to look for something in a segment's file.
struct Located {
    Offset segment;
    std::shared_ptr<runtime::File> file;
    std::uint64_t position = 0;  // a batch begins here
    std::uint64_t end = 0;       // of the file's batches
};

class PartitionLog::State {
public:
    State(const runtime::Runtime& runtime,
          std::string directory,
          LogConfig config,
          StorageRules rules);

    // --- partition_log.cpp
    void open(OpenLog how, runtime::IoDone<Loaded> done);
    void append(const AppendRequest& request, runtime::IoDone<void> done);
    void sync(runtime::IoDone<Offset> done);
    void assign_epoch(LeaderEpoch epoch, Offset start);
    void advance_log_start(Offset start);

    // --- partition_log_change.cpp
    void roll(runtime::IoDone<void> done);
    void truncate_to(Offset end, runtime::IoDone<void> done);
    void restart_at(Offset start, runtime::IoDone<void> done);
    void apply_retention(WallTime now, Offset high_watermark, runtime::IoDone<RetentionResult>);
    void close(runtime::IoDone<void> done);

    // --- partition_log_read.cpp
    std::optional<ReadResult> read_cached(const ReadRequest& request) const;
    void read(const ReadRequest& request, runtime::IoDone<ReadResult> done);
    void offset_for_timestamp(WallTime timestamp,
                              runtime::IoDone<std::optional<RecordPosition>> done);
    void offset_of_max_timestamp(runtime::IoDone<std::optional<RecordPosition>> done);

    std::vector<SegmentSummary> summaries() const;

    // The public side reads these; nobody writes them from outside.
    runtime::Runtime runtime_;
    std::string directory_;
    LogConfig config_;
    StorageRules rules_;
    Offset log_start_;
    Offset log_end_;  // of what was asked for
    Offset synced_end_;
    Offset recovery_point_;
    Offset saved_recovery_point_{0};
    log::EpochCache epochs_;
    log::ProducerState producers_;
    std::optional<IoError> failure_;

private:
    using Action = UniqueFunction<void()>;

    struct TailBatch {
        Offset base;
        Offset last;
        Bytes bytes;
        std::size_t kept_bytes = 0;
    };

    // An append, for the trace.
    struct Written {
        Offset base;
        Offset last;
        LeaderEpoch leader_epoch;
        bool is_control = false;
        std::size_t bytes = 0;
    };

    // A sealed segment that is not durable yet.
    struct Flush {
        Offset base;
        Offset end;
        std::shared_ptr<runtime::File> file;
        SegmentIndexes::Unwritten indexes;
        Bytes snapshot;  // of the producers at `end`; empty: there is one
    };

    struct SyncRequest {
        Offset upto;
        std::uint64_t flush_number = 0;  // flushes that must be done as well
        std::vector<runtime::IoDone<Offset>> done;
        bool is_file_synced = false;
    };

    // The index of a sealed segment on its way into memory.
    struct IndexLoad {
        explicit IndexLoad(const runtime::Runtime& runtime)
            : runner(runtime.executor, runtime.disk) {}

        JobRunner runner;
        std::shared_ptr<std::vector<std::uint8_t>> offsets =
            std::make_shared<std::vector<std::uint8_t>>();
        std::shared_ptr<std::vector<std::uint8_t>> times =
            std::make_shared<std::vector<std::uint8_t>>();
        std::vector<runtime::IoDone<void>> waiting;
    };

    // Where the read ended that a sequential reader will go on from.
    struct Hint {
        Offset next = no_offset;
        Offset segment;
        std::uint64_t position = 0;
    };

    // What is looked for in a segment: an offset, or the first record of a time.
    struct Target {
        Offset offset;
        std::optional<WallTime> timestamp;
    };

    using RecordDone = runtime::IoDone<std::optional<RecordPosition>>;

    class Reader;
    class Searcher;

    // --- partition_log.cpp
    void adopt(RecoveredLog& recovered);
    void trace_recovery(const OpenLog& how, const RecoveryReport& report);
    bool must_roll(const AppendRequest& request) const;
    void record(const AppendRequest& request);
    void keep_tail(const AppendRequest& request);
    void drop_tail_from(Offset end);
    void write(Bytes batches, Written what, runtime::IoDone<void> done);
    void trace_written(const Written& what);
    void begin_sync(Offset upto, runtime::IoDone<Offset> done);
    void start_sync();
    void sync_step();
    void durable_to(Offset end);
    void begin_epoch(LeaderEpoch epoch, Offset start);
    void write_epochs();
    void fail(const IoError& error);

    // Answers in a task of its own.
    template <typename T>
    void answer(runtime::IoDone<T> done, Expected<T, IoError> result) {
        runtime_.executor.post(
            gate_.wrap([done = std::move(done), result = std::move(result)]() mutable {
                done(std::move(result));
            }));
    }

    // Answers with the failure when there is one.
    template <typename T>
    bool refuse_failed(runtime::IoDone<T>& done) {
        if (!failure_) return false;
        answer<T>(std::move(done), Unexpected{*failure_});
        return true;
    }

    // Runs now, or behind the change of files that is under way.
    void in_order(Action action);
    void run_exclusive(Job job, UniqueFunction<void(Expected<void, IoError>)> then);
    void exclusive_over();

    // --- partition_log_change.cpp
    void begin_segment(Offset base);
    void create_segment(Offset base, std::shared_ptr<Flush> sealed);
    void queue_flush(Flush flush);
    void flush_next();
    std::vector<DiskOp> flush_operations(Flush& flush);
    void flushed(Offset base, Offset end);
    void rebuild(RecoveryPlan plan, runtime::IoDone<void> done);
    void run_rebuild(RecoveryPlan plan, runtime::IoDone<void> done);
    void rebuilt(RecoveredLog& recovered);
    void delete_oldest(std::size_t count);
    void rename_deleted(std::vector<Offset> bases);
    void arm_remover();
    void remove_due();
    void close_now(runtime::IoDone<void> done);

    // Runs `action` as soon as nothing is flushed, synced or checkpointed any more.
    void when_settled(Action action);
    void check_settled();
    Duration draw_jitter();

    // --- partition_log_read.cpp
    std::size_t segment_holding(Offset offset) const;
    void open_segment(Offset base, runtime::IoDone<void> then);
    void load_index(Offset base, runtime::IoDone<void> then);
    void index_loaded(Offset base);
    void locate(Offset base, const Target& target, runtime::IoDone<Located> then);
    void keep_index(Offset base, std::shared_ptr<const SegmentIndexSnapshot> index);
    void search_time(std::size_t segment, WallTime timestamp, RecordDone done);
    std::optional<std::uint64_t> hinted(Offset segment, Offset from) const;
    void remember(const Hint& hint);
    Segment* find_segment(Offset base);
    IoError gone(Offset offset) const;

    std::string path_of(Offset base, SegmentFile kind) const;

    Segment& active() { return segments_.back(); }

    PartitionName name_;  // for the trace
    std::deque<Segment> segments_;
    std::unique_ptr<SegmentIndexes> active_;
    // What leader-epoch-checkpoint holds: epochs_, and those of records below the log start that
    // still have a file. A crash may bring an older log start back.
    log::EpochCache stored_epochs_;
    std::shared_ptr<runtime::File> active_file_;  // behind segments_.back() while a roll runs
    Duration jitter_;
    Offset snapshot_end_;
    bool is_open_ = false;
    bool is_closed_ = false;

    std::deque<TailBatch> tail_;
    std::size_t tail_bytes_ = 0;

    std::deque<Action> pipeline_;
    std::size_t waiting_bytes_ = 0;
    bool is_exclusive_ = false;
    bool is_rebuilding_ = false;
    std::deque<Action> deferred_;
    JobRunner runner_;

    std::deque<Flush> flushes_;
    std::uint64_t flushes_issued_ = 0;
    std::uint64_t flushes_done_ = 0;
    JobRunner flusher_;
    std::vector<Action> on_settled_;

    std::optional<SyncRequest> syncing_;
    std::optional<SyncRequest> next_sync_;
    AtomicFile epoch_file_;
    std::uint32_t epoch_writes_ = 0;

    std::array<Hint, 8> hints_;
    std::size_t next_hint_ = 0;
    std::deque<Offset> cached_indexes_;  // oldest use first
    std::map<Offset, std::unique_ptr<IndexLoad>> index_loads_;

    struct Doomed {
        Instant at;
        Offset base;
    };

    std::deque<Doomed> doomed_;
    runtime::Timer remove_timer_;
    JobRunner remover_;
    runtime::Gate gate_;
};

}  // namespace glasslog::storage
