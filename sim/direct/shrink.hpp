#pragma once

// Makes the commands of a run that breaks a theorem one-minimal: without any one of them, or with a
// node less, the theorem holds (delta debugging, Zeller and Hildebrandt 2002).

#include "sim/direct/script.hpp"

#include <cstdint>

namespace glasslog::sim::direct {

struct Shrunk {
    Script script;
    std::uint64_t replays = 0;
    bool is_minimal = false;  // false: the limit of replays was reached before
};

// script.expected names the theorem, and must break. replays_max bounds the work.
Shrunk shrink(const Script& script, std::uint64_t replays_max);

}  // namespace glasslog::sim::direct
