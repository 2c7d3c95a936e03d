#pragma once

// What the scenario says and judges; the event's node is -1.

#include "core/base/ids.hpp"
#include "core/trace/kinds/kind.hpp"

#include <cstdint>
#include <string>

namespace glasslog::trace::kinds {

// Narration, English and Portuguese; `pt` may be empty.
struct Said {
    static constexpr KindFacts kind{140, "said", Level::state};

    std::string en;
    std::string pt;

    static void walk(auto& self, auto& w) {
        w.field("en", self.en);
        w.field("pt", self.pt);
    }
};

// The fault in the words of the scenario language: "crash b1 power".
struct FaultInjected {
    static constexpr KindFacts kind{141, "fault_injected", Level::state};

    std::string text;

    static void walk(auto& self, auto& w) { w.field("text", self.text); }
};

// A promise was broken; `text` says by what, with numbers.
struct InvariantViolated {
    static constexpr KindFacts kind{142, "invariant_violated", Level::state};

    std::string name;
    std::string text;

    static void walk(auto& self, auto& w) {
        w.field("name", self.name);
        w.field("text", self.text);
    }
};

// One `expect` of the scenario was looked at.
struct Expectation {
    static constexpr KindFacts kind{143, "expectation", Level::state};

    std::string text;
    bool is_met = false;

    static void walk(auto& self, auto& w) {
        w.field("text", self.text);
        w.field("is_met", self.is_met);
    }
};

// The last word of a run.
struct Verdict {
    static constexpr KindFacts kind{144, "verdict", Level::state};

    bool is_held = false;
    std::string text;

    static void walk(auto& self, auto& w) {
        w.field("is_held", self.is_held);
        w.field("text", self.text);
    }
};

// A run that is steered from outside (`sim serve`) got to the Instant it was told to reach.
struct TimeReached {
    static constexpr KindFacts kind{145, "time_reached", Level::state};

    static void walk(auto& /*self*/, auto& /*w*/) {}
};

}  // namespace glasslog::trace::kinds
