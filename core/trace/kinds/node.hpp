#pragma once

// Life of a node; the event's node is the one it speaks of. Clients of the simulator are nodes too.

#include "core/base/ids.hpp"
#include "core/trace/kinds/kind.hpp"

#include <cstdint>
#include <string>

namespace glasslog::trace::kinds {

// A process begins, first or again. role: "broker", "producer", "consumer", "admin".
struct NodeStarted {
    static constexpr KindFacts kind{1, "node_started", Level::state};

    std::string name;  // "b1"
    std::string role;
    std::int32_t reactors = 0;

    static void walk(auto& self, auto& w) {
        w.field("name", self.name);
        w.field("role", self.role);
        w.field("reactors", self.reactors);
    }
};

// how: "process" (the page cache survives) or "power" (what was not synced is lost or torn).
struct NodeCrashed {
    static constexpr KindFacts kind{2, "node_crashed", Level::state};

    std::string how;

    static void walk(auto& self, auto& w) { w.field("how", self.how); }
};

// Ended in order.
struct NodeStopped {
    static constexpr KindFacts kind{3, "node_stopped", Level::state};

    static void walk(auto& /*self*/, auto& /*w*/) {}
};

// Sockets kept, nothing runs.
struct NodePaused {
    static constexpr KindFacts kind{4, "node_paused", Level::state};

    static void walk(auto& /*self*/, auto& /*w*/) {}
};

// After node_paused.
struct NodeResumed {
    static constexpr KindFacts kind{5, "node_resumed", Level::state};

    static void walk(auto& /*self*/, auto& /*w*/) {}
};

// Of the wall clock, forward when positive; `drift_ppm` as it is from now on.
struct ClockJumped {
    static constexpr KindFacts kind{6, "clock_jumped", Level::state};

    std::int64_t by_ns = 0;
    std::int32_t drift_ppm = 0;

    static void walk(auto& self, auto& w) {
        w.field("by_ns", self.by_ns);
        w.field("drift_ppm", self.drift_ppm);
    }
};

}  // namespace glasslog::trace::kinds
