#pragma once

// Soft: what the controller knows and does not log. A fail-over loses it, and the next controller
// begins with fresh sessions and timers. Source: KIP-631.

#include "core/base/ids.hpp"
#include "core/base/time.hpp"

#include <map>

namespace glasslog::metadata {

// One incarnation of a broker, as its heartbeats show it.
struct BrokerSession {
    Instant deadline;                    // without a heartbeat it is fenced then
    Offset metadata_offset = no_offset;  // that it has applied
    Offset registered_at = no_offset;    // its registration; unknown after a fail-over
    Offset shutdown_offset = no_offset;  // of the last record that its shutdown wrote
};

struct Soft {
    std::map<NodeId, BrokerSession> sessions;  // of live brokers, fenced or not
    Instant balance_at = Instant::never();     // the next look for leaders to move back
    Instant unclean_at = Instant::never();     // the next unclean elections
    Instant no_op_at = Instant::never();       // a record is due then, when none came before

    // When on_timer has something to do; never() when it has not.
    Instant next_deadline() const;

    bool is_alive(NodeId broker, Instant now) const;
};

}  // namespace glasslog::metadata
