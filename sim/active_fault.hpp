#pragma once

// A fault that was injected, as the parts of the world share it: the part that it touches counts
// the bites, the world owns it.

#include "sim/fault.hpp"

#include <cstdint>

namespace glasslog::sim {

struct ActiveFault {
    FaultId id;
    Fault fault;
    Instant injected_at;
    bool is_healed = false;
    std::uint64_t bites = 0;
    std::uint64_t held_before = 0;  // Pause: events that its node had held ever
};

}  // namespace glasslog::sim
