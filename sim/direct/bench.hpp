#pragma once

// Work of the direct depth that a clock outside can measure.

#include "sim/direct/pacer.hpp"

#include <cstdint>

namespace glasslog::sim::direct {

// Three voters, no faults: elections, records, and now and then a leader that resigns.
class ElectionBench {
public:
    ElectionBench();

    // At least `count` more steps; how many.
    std::uint64_t run(std::uint64_t count);

private:
    World world_;
    Pacer pacer_;
    Instant next_proposal_;
    Instant next_resignation_;
};

// Five voters, three of ten messages lost: how many leaders are elected until `steps` are made.
std::uint64_t count_lossy_elections(std::uint64_t seed, std::uint64_t steps);

}  // namespace glasslog::sim::direct
