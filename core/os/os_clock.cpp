#include "core/os/os_clock.hpp"

namespace glasslog::os {

OsClock::OsClock() : start_(std::chrono::steady_clock::now()) {}

Instant OsClock::now() const {
    const auto since = std::chrono::steady_clock::now() - start_;
    return Instant::from_nanoseconds(
        std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
}

WallTime OsClock::wall() const {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return WallTime::from_milliseconds(
        std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
}

std::chrono::steady_clock::time_point OsClock::steady(Instant instant) const {
    return start_ + std::chrono::nanoseconds(instant.nanoseconds());
}

}  // namespace glasslog::os
