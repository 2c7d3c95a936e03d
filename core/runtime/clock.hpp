#pragma once

// The two clocks of a node.

#include "core/base/time.hpp"

namespace glasslog::runtime {

class Clock {
public:
    virtual ~Clock() = default;

    // Never goes back. The zero is the node's start.
    virtual Instant now() const = 0;

    // May jump either way. Only for record timestamps and what Kafka defines in wall time.
    virtual WallTime wall() const = 0;
};

}  // namespace glasslog::runtime
