#pragma once

// What a node tells about itself while it runs. Kinds and their bytes are declared in core/trace;
// this interface carries them only, so that every room may emit.

#include "core/base/bytes.hpp"
#include "core/base/strong.hpp"

#include <cstdint>

namespace glasslog::runtime {

// 0: none. Simulated: counts up through a run. Real: counts up through a process.
using EventId = Strong<struct EventIdTag, std::uint64_t>;

// Stable numbers, never reused; see core/trace/event.hpp.
using EventKind = Strong<struct EventKindTag, std::uint16_t>;

inline constexpr EventId no_event{0};

// log: what a person who runs a broker reads; each level has those before it.
enum class TraceLevel : std::uint8_t { log, state, messages, bytes };

class Trace {
public:
    virtual ~Trace() = default;

    // True when somebody reads events of this level: building the bytes may be skipped otherwise.
    // Must never decide anything but that.
    virtual bool wants(TraceLevel level) const = 0;

    // Cheap; never changes behaviour. The first cause is the event that the dispatcher (the world,
    // or the reactor's executor) is handling; `second_cause` the parked request that this resolves.
    virtual EventId emit(EventKind kind, ByteView bytes, EventId second_cause = no_event) = 0;

    // The event being handled, to be remembered by what is parked.
    virtual EventId current_cause() const = 0;

    // For the dispatcher (the world, or the reactor's executor), and the server around the handling
    // of one request: what is handled from now on.
    // Tasks, timers and completions run under the cause of who asked for them: docs/trace.md.
    virtual void set_current_cause(EventId /*cause*/) {}
};

}  // namespace glasslog::runtime
