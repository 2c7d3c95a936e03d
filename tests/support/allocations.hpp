#pragma once

// Counts what operator new gives out in this program. Link tests/support/allocations.cpp.

#include <cstdint>

namespace glasslog::support {

// Since the program began; freeing takes nothing away.
struct Allocations {
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;

    friend Allocations operator-(Allocations a, Allocations b) {
        return {a.count - b.count, a.bytes - b.bytes};
    }
};

Allocations allocations();

}  // namespace glasslog::support
