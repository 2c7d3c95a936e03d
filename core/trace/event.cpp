#include "core/trace/event.hpp"

#include "core/base/random.hpp"

namespace glasslog::trace {

Expected<AnyKind, DecodeError> decode(const Event& event) {
    return decode_kind(event.kind.value(), event.payload);
}

void TraceHash::add(Instant time, NodeId node, EventKind kind, ByteView payload) {
    state_ = StableHash()
                 .add(state_)
                 .add(static_cast<std::uint64_t>(time.nanoseconds()))
                 .add(static_cast<std::uint64_t>(node.value()))
                 .add(std::uint64_t{kind.value()})
                 .add(payload)
                 .value();
}

}  // namespace glasslog::trace
