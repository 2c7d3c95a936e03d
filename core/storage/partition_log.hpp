#pragma once

// PartitionLog: one partition's records on one disk, in Kafka's files. It belongs to one reactor.
// Offsets are assigned by the caller; batches are stored as the bytes that came in.
//
// log_start <= synced_end <= log_end. `append` moves log_end when it is issued; its callback says
// that the bytes are written (they survive a crash of the process), `sync` that they are durable
// (they survive a loss of power). Operations take effect in the order of issue: what is asked for
// while a roll or a truncation runs waits behind it.
//
// After a failed append or sync the log is failed: every later call answers the same error.
// Callbacks: last parameter, exactly once while the log lives, never from inside the call.

#include "core/base/bytes.hpp"
#include "core/base/ids.hpp"
#include "core/base/payload.hpp"
#include "core/base/time.hpp"
#include "core/log/batch_facts.hpp"
#include "core/log/epoch_cache.hpp"
#include "core/log/producer_state.hpp"
#include "core/runtime/disk.hpp"
#include "core/runtime/runtime.hpp"
#include "core/storage/recovery.hpp"
#include "core/storage/retention.hpp"
#include "core/storage/segment.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace glasslog::storage {

struct LogConfig {
    std::uint64_t segment_bytes = 1 << 30;              // segment.bytes
    Duration segment_time = Duration::seconds(604800);  // segment.ms
    Duration segment_jitter;  // segment.jitter.ms: each segment draws from [0, this)
    IndexLimits indexes;
    RetentionPolicy retention;
    Duration file_delete_delay = Duration::seconds(60);        // file.delete.delay.ms
    Duration producer_expiration = Duration::seconds(86'400);  // producer.id.expiration.ms
    std::size_t producer_count_max = 20'000;
    std::size_t tail_bytes_max = 1 << 20;      // newest batches kept in memory
    std::size_t tail_batch_count_max = 4096;   // … and how many
    std::size_t waiting_bytes_max = 64 << 20;  // appends that wait behind a roll
    std::size_t cached_index_count_max = 4;    // indexes of sealed segments
};

// Mistakes that only a simulation can make.
struct StorageRules {
    RecoveryRule recovery = RecoveryRule::cut_torn_tail;
    log::DuplicateRule duplicates = log::DuplicateRule::answer_again;

    enum class Sync : std::uint8_t {
        before_answer,     // sync() answers when the disk did
        answer_unwritten,  // sync() answers at once: power loss takes what was promised
    } sync = Sync::before_answer;
};

struct Loaded {
    Offset log_start;
    Offset log_end;
    RecoveryReport recovery;
};

// `batches` holds exactly the batches of `facts`, in order, with offsets and checksums as they are
// to be stored; the first begins at or after log_end. The tail cache keeps slices of `batches`
// alive: `kept_bytes` is what they keep in memory (the frame), 0 when it is their own size.
struct AppendRequest {
    Bytes batches;
    std::span<const log::BatchFacts> facts;  // used during the call only
    std::size_t kept_bytes = 0;
};

struct ReadRequest {
    Offset from;  // the first batch returned holds it or comes after it
    Offset upto;  // only batches that end at or below it
    std::size_t max_bytes = 0;
    bool min_one_batch = false;  // the first batch, even if it is larger than max_bytes
};

// Whole batches of one segment. Empty: nothing in [from, upto) fits.
struct ReadResult {
    Payload batches;
    Offset first = no_offset;  // base offset of the first batch
    Offset next = no_offset;   // after the last batch; `from` when empty
};

struct RecordPosition {
    Offset offset;
    WallTime timestamp;
    LeaderEpoch leader_epoch = no_leader_epoch;

    friend bool operator==(const RecordPosition&, const RecordPosition&) = default;
};

struct RetentionResult {
    RetentionVerdict verdict;
    Offset log_start;  // after it
};

class PartitionLog {
public:
    // directory: as the disk names it, "data/orders-0"; it exists.
    PartitionLog(const runtime::Runtime& runtime,
                 std::string directory,
                 LogConfig config,
                 StorageRules rules = {});
    ~PartitionLog();
    PartitionLog(const PartitionLog&) = delete;
    PartitionLog& operator=(const PartitionLog&) = delete;

    // First call, once.
    void open(OpenLog how, runtime::IoDone<Loaded> done);

    // Rolls before when the segment must not take the set. Errors: IoCode::full when too much waits
    // behind a roll, which leaves the log as it was.
    void append(const AppendRequest& request, runtime::IoDone<void> done);

    // From memory, without a task or a system call; empty when the disk must be asked.
    std::optional<ReadResult> read_cached(const ReadRequest& request) const;

    // IoCode::not_found when `from` lies outside [log_start, log_end].
    void read(const ReadRequest& request, runtime::IoDone<ReadResult> done);

    // Everything appended before is durable, and the names of its files; answers the end of it.
    void sync(runtime::IoDone<Offset> done);

    // The first record, at or after log_start, with a timestamp >= `timestamp`.
    void offset_for_timestamp(WallTime timestamp,
                              runtime::IoDone<std::optional<RecordPosition>> done);

    // The first record with the largest timestamp. Empty when no record has one.
    void offset_of_max_timestamp(runtime::IoDone<std::optional<RecordPosition>> done);

    // Removes what is at or above `end`, durably; a batch that straddles it goes whole. log_end
    // moves at the call, to at most `end`.
    void truncate_to(Offset end, runtime::IoDone<void> done);

    // Removes everything, durably: the log is empty and begins at `start`.
    void restart_at(Offset start, runtime::IoDone<void> done);

    // DeleteRecords and what a follower learns: log_start = max(log_start, start). Files go with
    // the next retention; the caller writes log-start-offset-checkpoint. start <= log_end.
    void advance_log_start(Offset start);

    // A leader's epoch begins at the log end, or a follower learned of one.
    void assign_epoch(LeaderEpoch epoch, Offset start);

    // Seals the active segment and begins a new one, unless it is empty.
    void roll(runtime::IoDone<void> done);

    // Deletes what judge_retention() names: renamed to `.deleted` now, removed after
    // file_delete_delay. Rolls first when all segments go.
    void apply_retention(WallTime now,
                         Offset high_watermark,
                         runtime::IoDone<RetentionResult> done);

    // Every producer.id.expiration.check.interval.ms.
    std::size_t expire_producers(WallTime now);

    // recovery_point() was written to recovery-point-offset-checkpoint.
    void recovery_point_saved(Offset point);

    void set_config(const LogConfig& config);

    // Clean: writes indexes, the producer snapshot and epochs, syncs all. No call afterwards.
    void close(runtime::IoDone<void> done);

    Offset log_start() const;
    Offset log_end() const;

    // Durable up to here.
    Offset synced_end() const;

    // For recovery-point-offset-checkpoint: below it nothing needs a scan.
    Offset recovery_point() const;

    const log::EpochCache& epochs() const;
    const log::ProducerState& producers() const;
    std::uint64_t size_bytes() const;
    std::vector<SegmentSummary> segments() const;
    const std::optional<IoError>& failure() const;
    const std::string& directory() const;
    const LogConfig& config() const;

private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace glasslog::storage
