#pragma once

// The machine's clocks.

#include "core/runtime/clock.hpp"

#include <chrono>

namespace glasslog::os {

class OsClock final : public runtime::Clock {
public:
    OsClock();

    Instant now() const override;
    WallTime wall() const override;

    // The steady clock's reading at `instant`.
    std::chrono::steady_clock::time_point steady(Instant instant) const;

private:
    std::chrono::steady_clock::time_point start_;
};

}  // namespace glasslog::os
