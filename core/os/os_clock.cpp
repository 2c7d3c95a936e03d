#include "core/os/os_clock.hpp"

#include "core/os/process.hpp"

namespace glasslog::os {

namespace {

std::chrono::steady_clock::time_point process_start() {
    static const auto start = std::chrono::steady_clock::now();
    return start;
}

}  // namespace

OsClock::OsClock() : start_(process_start()) {}

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

trace::ClockOrigin OsClock::origin() const {
    // Another one after each start of the machine, when the steady clock begins anew.
    const auto boot = read_file("/proc/sys/kernel/random/boot_id");
    std::string machine = boot ? std::string(as_text(boot->view())) : "unknown";
    machine.erase(machine.find_last_not_of('\n') + 1);
    const auto start = start_.time_since_epoch();
    return {.machine = std::move(machine),
            .steady_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(start).count()};
}

std::chrono::steady_clock::time_point OsClock::steady(Instant instant) const {
    return start_ + std::chrono::nanoseconds(instant.nanoseconds());
}

}  // namespace glasslog::os
