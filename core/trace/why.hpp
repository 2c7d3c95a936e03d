#pragma once

// Why an event happened: its causes, their causes, and so on.

#include "core/trace/fold.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace glasslog::trace {

// depth: 0 the event itself, 1 its causes, … is_second: reached as the parked request that the
// event one step nearer resolved.
struct Reason {
    std::size_t position = 0;  // in Timeline::events()
    std::size_t depth = 0;
    bool is_second = false;

    friend bool operator==(const Reason&, const Reason&) = default;
};

// The event first, then its causal past by nearness, each event once, at most `max`. Empty when
// there is no such event.
std::vector<Reason> why(const Timeline& timeline, EventId id, std::size_t max = 64);

// What the chain says, one line an event, the newest first; an error line when there is no such
// event. For `glasslog sim trace why`.
std::string why_text(const Timeline& timeline, EventId id, std::size_t max = 64);

}  // namespace glasslog::trace
