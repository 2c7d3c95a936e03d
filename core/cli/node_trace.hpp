#pragma once

// The Trace of one reactor of a real broker: what a person should read goes to standard error, one
// line each, and everything goes to the trace file when there is one.

#include "core/cli/line_allowance.hpp"
#include "core/runtime/clock.hpp"
#include "core/trace/trace_log.hpp"

#include <memory>

namespace glasslog::cli {

class NodeTrace final : public runtime::Trace {
public:
    // sink: nullptr when no trace was asked for.
    NodeTrace(const runtime::Clock& clock, trace::Sink* sink, trace::TraceLog::Options options);

    bool wants(runtime::TraceLevel level) const override;

    runtime::EventId emit(runtime::EventKind kind,
                          ByteView bytes,
                          runtime::EventId second_cause) override;

    runtime::EventId current_cause() const override;
    void set_current_cause(runtime::EventId cause) override;

    // The end of the run: what was collected reaches the sink.
    void flush();

private:
    void say(std::uint16_t kind, ByteView bytes);
    void tell_failure();

    const runtime::Clock& clock_;
    std::unique_ptr<trace::TraceLog> file_;
    bool is_failure_told_ = false;
    LineAllowance allowance_;
};

}  // namespace glasslog::cli
