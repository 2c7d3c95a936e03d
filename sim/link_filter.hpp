#pragma once

// The one place where the network can be told to misbehave. Every try to carry a packet from one
// node to another is shown to all filters, and to the faults; a Drop beats a hold, a hold beats
// delays, and delays add up.
//
// Not shown: what a node sends to itself (a loopback device does not fail).

#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/runtime/transport.hpp"

#include <cstdint>
#include <variant>

namespace glasslog::sim {

// connect: the opening of a connection and its answer; data: bytes of the stream; end: the orderly
// end of one direction; reset: the message that a connection is dead.
enum class PacketKind : std::uint8_t { connect, data, end, reset };

// One try to carry something over a link. A stream's data travels in chunks of one message each.
struct Packet {
    PacketKind kind = PacketKind::data;
    NodeId from = no_node;
    NodeId to = no_node;
    std::int64_t connection = 0;
    bool is_from_opener = false;
    std::int64_t position = 0;  // of its first byte in this direction of the stream
    std::size_t bytes = 0;
    runtime::MessageTag tag;  // of the message that it is part of
};

struct Pass {
    friend bool operator==(Pass, Pass) = default;
};

// Later than planned by `delay`. Duration::max(): held until a filter is removed, then judged
// again.
struct Deliver {
    Duration delay;

    friend bool operator==(const Deliver&, const Deliver&) = default;
};

// This try is lost. As TCP does, the sender tries again later, ever more rarely, and gives the
// connection up after NetworkConfig::give_up_after.
struct Drop {
    friend bool operator==(Drop, Drop) = default;
};

using Verdict = std::variant<Pass, Deliver, Drop>;

class LinkFilter {
public:
    virtual ~LinkFilter() = default;

    // Called once for each try; deterministic.
    virtual Verdict judge(const Packet& packet) = 0;
};

}  // namespace glasslog::sim
