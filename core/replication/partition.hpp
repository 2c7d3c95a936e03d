#pragma once

// Partition: one replica of one partition as a machine of the first shape. It decides where batches
// stand, whether a producer's sequence is right, what is committed, who waits, and what a reader
// may see. It holds facts of batches and never bytes; a driver (replica_manager.hpp) turns effects
// into calls on the partition's log and completions into events. Today it leads alone: the ISR is
// this node. Sources: KIP-98, KIP-101, KIP-320; docs/replication.md draws the moves.
//
//   log_start <= high_watermark <= local_end <= log_end
//   log_end:        what was given out; batches below it are written or being written
//   local_end:      what this replica counts itself for: written, and synced where a sync was due
//   high_watermark: what all of the ISR have; consumers see nothing above it

#include "core/base/ids.hpp"
#include "core/base/strong.hpp"
#include "core/base/time.hpp"
#include "core/log/batch_facts.hpp"
#include "core/log/epoch_cache.hpp"
#include "core/log/producer_state.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/isolation_level.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <variant>
#include <vector>

namespace glasslog::replication {

using protocol::IsolationLevel;
using protocol::WireError;

// Names a request that waits for an answer; unique within one reactor.
using RequestToken = Strong<struct ReplicaRequestTokenTag, std::uint64_t>;

// Mistakes that only a simulation can make.
enum class HighWatermarkRule : std::uint8_t {
    log_end_when_appended,  // a batch is committed when every replica has it, this one too
    ahead_of_log_end,  // … when it was given an offset: readers see what may never be written
};

struct Rules {
    HighWatermarkRule high_watermark = HighWatermarkRule::log_end_when_appended;
    log::DuplicateRule duplicates = log::DuplicateRule::answer_again;
};

// What the partition needs of its topic's configuration, and its limits.
struct PartitionConfig {
    std::int64_t min_insync_replicas = 1;
    std::int64_t flush_messages = INT64_MAX;    // a sync after so many unsynced records
    Duration flush_interval = Duration::max();  // a sync when the oldest unsynced record is so old
    bool may_delete_records = true;             // cleanup.policy has `delete`
    std::size_t parked_max = 10'000;            // produces, and watchers, each
    std::uint64_t uncommitted_bytes_max = 64 << 20;

    friend bool operator==(const PartitionConfig&, const PartitionConfig&) = default;
};

// -------------------------------------------------------------------------------------- events

// The metadata says that this node leads from here on, or that the ISR changed within an epoch.
struct Lead {
    LeaderEpoch epoch;
    std::vector<NodeId> replicas;
    std::vector<NodeId> isr;
};

// The metadata names another leader, or none.
struct Resign {};

struct Configure {
    PartitionConfig config;
};

// One validated batch of a client. facts: base offset 0, as it came.
struct Produce {
    RequestToken token;
    log::BatchFacts facts;
    std::int16_t acks = -1;  // -1 all, 0 none, 1 leader
    Duration timeout;
};

// The log wrote every batch below `upto`: they survive a crash of the process.
struct Appended {
    Offset upto;
};

// The log is durable below `upto`: it survives a loss of power.
struct Synced {
    Offset upto;
};

// A write or sync failed; the log takes nothing any more.
struct LogFailed {};

// One partition of a Fetch. replica: -1 a consumer, -2 a debugging consumer, >= 0 a broker.
struct Fetch {
    RequestToken token;
    Offset offset;
    LeaderEpoch current_leader_epoch = no_leader_epoch;
    LeaderEpoch last_fetched_epoch = no_leader_epoch;
    NodeId replica = no_node;
    IsolationLevel isolation = IsolationLevel::read_uncommitted;
};

// A Fetch that read less than it wants waits for more than what ended at `seen`.
struct Watch {
    RequestToken token;
    Offset seen;  // FetchReply::upto
    IsolationLevel isolation = IsolationLevel::read_uncommitted;
};

struct Unwatch {
    RequestToken token;
};

// timestamp: -1 latest, -2 earliest, -3 of the largest timestamp, -4 earliest local, -5 and -6
// tiered, >= 0 the first record not older.
struct ListOffset {
    RequestToken token;
    std::int64_t timestamp = -1;
    LeaderEpoch current_leader_epoch = no_leader_epoch;
    NodeId replica = no_node;
    IsolationLevel isolation = IsolationLevel::read_uncommitted;
};

// offset: -1 means the high watermark.
struct DeleteRecords {
    RequestToken token;
    Offset offset;
};

struct EndOfEpoch {
    RequestToken token;
    LeaderEpoch current_leader_epoch = no_leader_epoch;
    LeaderEpoch epoch;
};

// Retention removed what lay below `to`.
struct LogStartMoved {
    Offset to;
};

// Producers that were silent for `after` are forgotten.
struct ExpireProducers {
    WallTime now;
    Duration after;
};

enum class Timer : std::uint8_t { produce_timeout, flush };

struct TimerFired {
    Timer timer = Timer::produce_timeout;
};

using Event = std::variant<Lead,
                           Resign,
                           Configure,
                           Produce,
                           Appended,
                           Synced,
                           LogFailed,
                           Fetch,
                           Watch,
                           Unwatch,
                           ListOffset,
                           DeleteRecords,
                           EndOfEpoch,
                           LogStartMoved,
                           ExpireProducers,
                           TimerFired>;

// ------------------------------------------------------------------------------------- effects

// The batch of `token` goes to the log, its first record at base_offset.
struct Append {
    RequestToken token;
    Offset base_offset;
    LeaderEpoch leader_epoch;
};

// base_offset and log_start are -1 where Kafka answers so. append_time: of a duplicate.
struct ProduceReply {
    WireError error = WireError::none;
    Offset base_offset = no_offset;
    Offset log_start = no_offset;
    WallTime append_time;
};

// Without an error the driver reads [offset, upto) and adds the bytes; nothing when diverging.
struct FetchReply {
    WireError error = WireError::none;
    Offset offset = no_offset;
    Offset upto = no_offset;
    Offset high_watermark = no_offset;
    Offset last_stable_offset = no_offset;
    Offset log_start = no_offset;
    std::optional<log::EpochEnd> diverging;
};

struct ListOffsetReply {
    WireError error = WireError::none;
    std::int64_t timestamp = -1;
    Offset offset = no_offset;
    LeaderEpoch leader_epoch = no_leader_epoch;
};

struct DeleteRecordsReply {
    WireError error = WireError::none;
    Offset low_watermark = no_offset;
};

struct EndOfEpochReply {
    WireError error = WireError::none;
    log::EpochEnd end;
};

using AnyReply =
    std::variant<ProduceReply, FetchReply, ListOffsetReply, DeleteRecordsReply, EndOfEpochReply>;

struct Reply {
    RequestToken token;
    AnyReply reply;
};

// The driver asks the log for a record by time and answers a ListOffsetReply: with nothing found,
// or found at or above `upto`, the empty one.
struct ReplyByTime {
    RequestToken token;
    std::int64_t timestamp = 0;  // -3 or >= 0
    Offset upto;
};

// A watcher has so many bytes more to read, or should look again because of an error.
struct News {
    RequestToken token;
    std::uint64_t bytes = 0;
    bool is_urgent = false;
};

struct WakeAt {
    Timer timer = Timer::produce_timeout;
    Instant when;
};

// Executed in this order.
struct Effects {
    std::optional<log::EpochStart> assign_epoch;
    std::optional<Append> append;
    bool sync = false;  // everything appended so far
    std::optional<Offset> advance_log_start;
    std::vector<Reply> reply;
    std::optional<ReplyByTime> reply_by_time;
    std::vector<News> news;
    std::vector<WakeAt> wake_at;  // the same timer replaces
    // Notes for the trace; the driver knows the names.
    std::optional<Offset> high_watermark_moved;
    std::optional<LeaderEpoch> leads;
};

// --------------------------------------------------------------------------------------- state

enum class Role : std::uint8_t { none, leader };

// A batch that is not committed yet.
struct Uncommitted {
    Offset end;
    std::uint32_t size_bytes = 0;
    bool must_sync = false;  // counts for this replica only when durable

    friend bool operator==(const Uncommitted&, const Uncommitted&) = default;
};

// A produce that waits: acks 0 and 1 for local_end, acks -1 for the high watermark.
struct ParkedProduce {
    RequestToken token;
    Offset end;  // what it waits for
    Offset base_offset;
    WallTime append_time;  // of a duplicate
    std::int16_t acks = -1;
    Duration timeout;
    Instant deadline = Instant::never();  // begins when local_end reaches `end`
};

struct Watcher {
    RequestToken token;
    IsolationLevel isolation = IsolationLevel::read_uncommitted;
};

struct State {
    Role role = Role::none;
    bool is_failed = false;
    LeaderEpoch leader_epoch = no_leader_epoch;
    Offset epoch_start = no_offset;  // log end when this epoch began
    std::vector<NodeId> replicas;
    std::vector<NodeId> isr;
    PartitionConfig config;

    Offset log_start{0};
    Offset high_watermark{0};
    Offset written_end{0};
    Offset synced_end{0};
    Offset local_end{0};
    Offset log_end{0};

    std::deque<Uncommitted> uncommitted;  // by end, all above the high watermark
    std::uint64_t uncommitted_bytes = 0;
    std::deque<ParkedProduce> produces;  // by end
    std::vector<Watcher> watchers;
    bool is_syncing = false;
    bool wants_sync = false;  // another one when that is back
    std::int64_t unsynced_records = 0;
    Instant oldest_unsynced = Instant::never();
    Instant produce_timer = Instant::never();  // armed for
    Instant flush_timer = Instant::never();

    log::EpochCache epochs;
    log::ProducerState producers = log::ProducerState();

    Offset last_stable_offset() const;
};

// What the log held when it was opened.
struct OpenedLog {
    Offset log_start;
    Offset log_end;
    Offset synced_end;
    Offset high_watermark;  // of the checkpoint, or log_start
    log::EpochCache epochs;
    log::ProducerState producers = log::ProducerState();
};

class Partition {
public:
    Partition(OpenedLog log, PartitionConfig config, Rules rules = {});

    [[nodiscard]] Effects step(Instant now, const Event& event);

    const State& state() const { return state_; }

private:
    struct Stepper;

    State state_;
    Rules rules_;
};

// Each names the rule that a state, or a step, breaks; empty when all hold.
std::optional<std::string> check_invariants(const State& state);
std::optional<std::string> check_step(const State& before, const State& after);

}  // namespace glasslog::replication
