#pragma once

// All that a Partition knows (partition.hpp), as values: what the simulator checks and the window
// draws.

#include "core/base/ids.hpp"
#include "core/base/strong.hpp"
#include "core/base/time.hpp"
#include "core/log/epoch_cache.hpp"
#include "core/log/producer_state.hpp"
#include "core/protocol/isolation_level.hpp"

#include <cstdint>
#include <deque>
#include <vector>

namespace glasslog::replication {

using protocol::IsolationLevel;

// Names a request that waits for an answer; unique within one reactor.
using RequestToken = Strong<struct ReplicaRequestTokenTag, std::uint64_t>;

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
    std::uint64_t committed_bytes = 0;   // that came to be below it, since the log was opened
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

}  // namespace glasslog::replication
