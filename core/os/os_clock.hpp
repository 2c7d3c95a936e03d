#pragma once

// The machine's clocks.

#include "core/runtime/clock.hpp"
#include "core/trace/origin.hpp"

#include <chrono>

namespace glasslog::os {

class OsClock final : public runtime::Clock {
public:
    // Time 0 is when the first one of this process was made.
    OsClock();

    Instant now() const override;
    WallTime wall() const override;

    // By which the times of this clock are compared with those of other processes.
    trace::ClockOrigin origin() const;

    // The steady clock's reading at `instant`.
    std::chrono::steady_clock::time_point steady(Instant instant) const;

private:
    std::chrono::steady_clock::time_point start_;
};

}  // namespace glasslog::os
