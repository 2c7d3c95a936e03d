#include "core/trace/trace_log.hpp"

#include "core/base/check.hpp"

namespace glasslog::trace {

TraceLog::TraceLog(const runtime::Clock& clock, Sink& sink, Options options)
    : clock_(clock), options_(options), writer_(sink) {
    CHECK(options.reactor.value() >= 0);
    CHECK(options.reactor.value() < options.reactor_count);
}

EventId TraceLog::emit(EventKind kind, ByteView bytes, EventId second_cause) {
    const auto stride = static_cast<std::uint64_t>(options_.reactor_count);
    const auto reactor = static_cast<std::uint64_t>(options_.reactor.value());
    const EventId id(emitted_ * stride + reactor + 1);
    ++emitted_;
    const Instant now = clock_.now();
    if (now - flushed_ >= block_age_max) {
        writer_.flush();
        flushed_ = now;
    }
    writer_.add({.time = now,
                 .id = id,
                 .cause = cause_,
                 .second_cause = second_cause,
                 .node = options_.node,
                 .kind = kind,
                 .payload = Bytes::copy_of(bytes)});
    return id;
}

}  // namespace glasslog::trace
