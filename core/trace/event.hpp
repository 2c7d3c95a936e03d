#pragma once

// One event of a run, and how a room emits one: trace::emit(runtime.trace, kinds::LogSynced{…}).

#include "core/base/bytes.hpp"
#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/runtime/trace.hpp"
#include "core/trace/kinds.hpp"

namespace glasslog::trace {

using runtime::EventId;
using runtime::EventKind;
using runtime::no_event;

// time: of the world (simulated), or since the start of the process (real). cause: what the
// dispatcher was handling; second_cause: the parked request that this one resolves. payload: the
// kind's fields, encoded.
struct Event {
    Instant time;
    EventId id;
    EventId cause;
    EventId second_cause;
    NodeId node = no_node;
    EventKind kind;
    Bytes payload;

    friend bool operator==(const Event&, const Event&) = default;
};

// Emits unless nobody reads this level; then no_event, and no work.
template <typename Kind>
EventId emit(runtime::Trace& trace, const Kind& fields, EventId second_cause = no_event) {
    constexpr auto level = static_cast<runtime::TraceLevel>(Kind::kind.level);
    if (!trace.wants(level)) return no_event;
    const std::vector<std::uint8_t> bytes = encode(fields);
    return trace.emit(EventKind(Kind::kind.number), bytes, second_cause);
}

// The event with its fields decoded; for tests and readers that meet few events.
Expected<AnyKind, DecodeError> decode(const Event& event);

// What a run was, as one number: over (time, node, kind, digest of the payload), in order.
class TraceHash {
public:
    void add(Instant time, NodeId node, EventKind kind, ByteView payload);

    void add(const Event& event) { add(event.time, event.node, event.kind, event.payload.view()); }

    std::uint64_t value() const { return state_; }

private:
    std::uint64_t state_ = 0;
};

}  // namespace glasslog::trace
