#pragma once

// What a Partition (partition.hpp) is told, and what it wants done.

#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/log/batch_facts.hpp"
#include "core/log/epoch_cache.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/isolation_level.hpp"
#include "core/replication/partition_state.hpp"

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

namespace glasslog::replication {

using protocol::WireError;

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
    std::uint64_t committed_bytes = 0;  // FetchReply::committed_bytes
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
    std::uint64_t committed_bytes = 0;  // what Watch counts from
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

}  // namespace glasslog::replication
