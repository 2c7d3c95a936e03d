#pragma once

// One replica of one partition; the event's node holds it. Offsets named `log_end`, `upto` and `to`
// are exclusive: the offset after the last record.

#include "core/base/ids.hpp"
#include "core/trace/kinds/kind.hpp"

#include <cstdint>
#include <string>

namespace glasslog::trace::kinds {

// Ready for use, after recovery if there was one. Replaces all that was known of this log.
struct LogOpened {
    static constexpr KindFacts kind{60, "log_opened", Level::state};

    std::string topic;
    PartitionIndex partition;
    Offset log_start;
    Offset log_end;

    static void walk(auto& self, auto& w) {
        w.field("topic", self.topic);
        w.field("partition", self.partition);
        w.field("log_start", self.log_start);
        w.field("log_end", self.log_end);
    }
};

// The marker of a clean shutdown is missing: every batch from `from` is checked.
struct RecoveryStarted {
    static constexpr KindFacts kind{61, "recovery_started", Level::log};

    std::string topic;
    PartitionIndex partition;
    Offset from;

    static void walk(auto& self, auto& w) {
        w.field("topic", self.topic);
        w.field("partition", self.partition);
        w.field("from", self.from);
    }
};

// A batch at `offset` is torn or broken: `bytes` of the file from there are cut off.
struct RecoveryCut {
    static constexpr KindFacts kind{62, "recovery_cut", Level::log};

    std::string topic;
    PartitionIndex partition;
    Offset offset;
    std::int64_t bytes = 0;

    static void walk(auto& self, auto& w) {
        w.field("topic", self.topic);
        w.field("partition", self.partition);
        w.field("offset", self.offset);
        w.field("bytes", self.bytes);
    }
};

// The log is whole again, in memory and on disk, up to `log_end`.
struct RecoveryFinished {
    static constexpr KindFacts kind{63, "recovery_finished", Level::log};

    std::string topic;
    PartitionIndex partition;
    Offset log_end;

    static void walk(auto& self, auto& w) {
        w.field("topic", self.topic);
        w.field("partition", self.partition);
        w.field("log_end", self.log_end);
    }
};

// Written to the file, not necessarily durable.
struct BatchAppended {
    static constexpr KindFacts kind{64, "batch_appended", Level::state};

    std::string topic;
    PartitionIndex partition;
    Offset base;
    Offset last;  // inclusive
    LeaderEpoch leader_epoch;
    std::int64_t bytes = 0;
    std::int32_t records = 0;
    bool is_control = false;

    static void walk(auto& self, auto& w) {
        w.field("topic", self.topic);
        w.field("partition", self.partition);
        w.field("base", self.base);
        w.field("last", self.last);
        w.field("leader_epoch", self.leader_epoch);
        w.field("bytes", self.bytes);
        w.field("records", self.records);
        w.field("is_control", self.is_control);
    }
};

// Everything below `upto` survives a power loss.
struct LogSynced {
    static constexpr KindFacts kind{65, "log_synced", Level::state};

    std::string topic;
    PartitionIndex partition;
    Offset upto;

    static void walk(auto& self, auto& w) {
        w.field("topic", self.topic);
        w.field("partition", self.partition);
        w.field("upto", self.upto);
    }
};

// Everything below `to` is committed and visible to consumers.
struct HighWatermarkMoved {
    static constexpr KindFacts kind{66, "high_watermark_moved", Level::state};

    std::string topic;
    PartitionIndex partition;
    Offset to;

    static void walk(auto& self, auto& w) {
        w.field("topic", self.topic);
        w.field("partition", self.partition);
        w.field("to", self.to);
    }
};

// By DeleteRecords or retention.
struct LogStartMoved {
    static constexpr KindFacts kind{67, "log_start_moved", Level::state};

    std::string topic;
    PartitionIndex partition;
    Offset to;

    static void walk(auto& self, auto& w) {
        w.field("topic", self.topic);
        w.field("partition", self.partition);
        w.field("to", self.to);
    }
};

// `to` is the new log end; torn_bytes: what was cut besides whole batches.
struct LogTruncated {
    static constexpr KindFacts kind{68, "log_truncated", Level::state};

    std::string topic;
    PartitionIndex partition;
    Offset to;
    std::int64_t torn_bytes = 0;

    static void walk(auto& self, auto& w) {
        w.field("topic", self.topic);
        w.field("partition", self.partition);
        w.field("to", self.to);
        w.field("torn_bytes", self.torn_bytes);
    }
};

// A new active segment begins at `base`.
struct SegmentRolled {
    static constexpr KindFacts kind{69, "segment_rolled", Level::state};

    std::string topic;
    PartitionIndex partition;
    Offset base;

    static void walk(auto& self, auto& w) {
        w.field("topic", self.topic);
        w.field("partition", self.partition);
        w.field("base", self.base);
    }
};

// Its files are gone or renamed away.
struct SegmentDeleted {
    static constexpr KindFacts kind{70, "segment_deleted", Level::state};

    std::string topic;
    PartitionIndex partition;
    Offset base;

    static void walk(auto& self, auto& w) {
        w.field("topic", self.topic);
        w.field("partition", self.partition);
        w.field("base", self.base);
    }
};

// As this replica learned it; -1: none.
struct LeaderChanged {
    static constexpr KindFacts kind{71, "leader_changed", Level::state};

    std::string topic;
    PartitionIndex partition;
    NodeId leader = no_node;
    LeaderEpoch leader_epoch;

    static void walk(auto& self, auto& w) {
        w.field("topic", self.topic);
        w.field("partition", self.partition);
        w.field("leader", self.leader);
        w.field("leader_epoch", self.leader_epoch);
    }
};

// The replica was removed from this node.
struct PartitionDeleted {
    static constexpr KindFacts kind{72, "partition_deleted", Level::state};

    std::string topic;
    PartitionIndex partition;

    static void walk(auto& self, auto& w) {
        w.field("topic", self.topic);
        w.field("partition", self.partition);
    }
};

}  // namespace glasslog::trace::kinds
