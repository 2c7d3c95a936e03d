#pragma once

// Where the trace of a real broker goes: a file as it grows, or memory that is written at the end.

#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/broker/config.hpp"
#include "core/os/file_sink.hpp"
#include "core/trace/origin.hpp"
#include "core/trace/sink.hpp"

#include <memory>
#include <string>

namespace glasslog::cli {

class TraceOutput {
public:
    // where: "FILE"; "ring:64MiB", which is written to glasslog.trace at the end; "" for none.
    // origin: of the clock that stamps the events.
    static Expected<std::unique_ptr<TraceOutput>, InputError> open(
        const std::string& where, const broker::Config& config, const trace::ClockOrigin& origin);

    // nullptr: nobody asked for a trace.
    trace::Sink* sink() const;

    // Not guarded: for one reactor.
    bool is_ring() const { return ring_ != nullptr; }

    // After the last write: the index, and the file of a ring. The error is the first one ever.
    Expected<void, IoError> finish();

private:
    std::unique_ptr<trace::RingSink> ring_;
    std::unique_ptr<os::FileSink> file_;
};

}  // namespace glasslog::cli
