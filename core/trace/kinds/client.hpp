#pragma once

// What a client asked and was told; the event's node is the client.

#include "core/base/ids.hpp"
#include "core/trace/kinds/kind.hpp"

#include <cstdint>
#include <string>

namespace glasslog::trace::kinds {

// A batch of `records` left for the leader. sequence: of its first record, -1 when not idempotent.
struct RecordProduced {
    static constexpr KindFacts kind{120, "record_produced", Level::state};

    std::string topic;
    PartitionIndex partition;
    std::int32_t records = 0;
    std::int64_t bytes = 0;
    std::int32_t sequence = 0;

    static void walk(auto& self, auto& w) {
        w.field("topic", self.topic);
        w.field("partition", self.partition);
        w.field("records", self.records);
        w.field("bytes", self.bytes);
        w.field("sequence", self.sequence);
    }
};

// The broker promised to keep [base, base + count).
struct ProduceAcked {
    static constexpr KindFacts kind{121, "produce_acked", Level::state};

    std::string topic;
    PartitionIndex partition;
    Offset base;
    std::int64_t count = 0;

    static void walk(auto& self, auto& w) {
        w.field("topic", self.topic);
        w.field("partition", self.partition);
        w.field("base", self.base);
        w.field("count", self.count);
    }
};

// error: WireError, or -1 when no answer came.
struct ProduceFailed {
    static constexpr KindFacts kind{122, "produce_failed", Level::state};

    std::string topic;
    PartitionIndex partition;
    std::int64_t count = 0;
    std::int16_t error = 0;

    static void walk(auto& self, auto& w) {
        w.field("topic", self.topic);
        w.field("partition", self.partition);
        w.field("count", self.count);
        w.field("error", self.error);
    }
};

// [from, from + count) was handed to the application; `next` is its position now.
struct RecordConsumed {
    static constexpr KindFacts kind{123, "record_consumed", Level::state};

    std::string topic;
    PartitionIndex partition;
    Offset from;
    std::int64_t count = 0;
    Offset next;

    static void walk(auto& self, auto& w) {
        w.field("topic", self.topic);
        w.field("partition", self.partition);
        w.field("from", self.from);
        w.field("count", self.count);
        w.field("next", self.next);
    }
};

}  // namespace glasslog::trace::kinds
