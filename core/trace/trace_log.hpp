#pragma once

// The Trace of one reactor of a real node: stamps events and hands them to a TraceWriter. No lock:
// each reactor has its own TraceLog; what they share is the Sink, which core/os guards.

#include "core/runtime/clock.hpp"
#include "core/runtime/trace.hpp"
#include "core/trace/writer.hpp"

namespace glasslog::trace {

class TraceLog final : public runtime::Trace {
public:
    // Ids of reactor r of n are r + 1, r + 1 + n, …: unique in the process without sharing.
    struct Options {
        NodeId node = no_node;
        ReactorId reactor;
        std::int32_t reactor_count = 1;
        runtime::TraceLevel level = runtime::TraceLevel::messages;
    };

    TraceLog(const runtime::Clock& clock, Sink& sink, Options options);

    bool wants(runtime::TraceLevel level) const override { return level <= options_.level; }

    EventId emit(EventKind kind, ByteView bytes, EventId second_cause = no_event) override;

    EventId current_cause() const override { return cause_; }

    // Set by the executor before it runs a task, to the cause it noted when the task was posted.
    void set_current_cause(EventId cause) override { cause_ = cause; }

    // Blocks older than block_age_max are written by the next event; the last one by this.
    void flush() { writer_.flush(); }

    // How far a reader of the growing file is behind, while events come.
    static constexpr Duration block_age_max = Duration::milliseconds(100);

    const TraceWriter& writer() const { return writer_; }

private:
    const runtime::Clock& clock_;
    Options options_;
    TraceWriter writer_;
    EventId cause_;
    std::uint64_t emitted_ = 0;
    Instant flushed_;
};

}  // namespace glasslog::trace
