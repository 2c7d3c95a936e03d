#pragma once

// Two kinds of time. Instant: nanoseconds of a clock that never goes back, meaningful within one
// node only. WallTime: milliseconds since 1970 UTC, as Kafka stores it in records; it may jump.

#include <fmt/format.h>

#include <compare>
#include <cstdint>

namespace glasslog {

class Duration {
public:
    constexpr Duration() = default;

    static constexpr Duration nanoseconds(std::int64_t n) { return Duration(n); }

    static constexpr Duration microseconds(std::int64_t n) { return Duration(n * 1'000); }

    static constexpr Duration milliseconds(std::int64_t n) { return Duration(n * 1'000'000); }

    static constexpr Duration seconds(std::int64_t n) { return Duration(n * 1'000'000'000); }

    static constexpr Duration max() { return Duration(INT64_MAX); }

    constexpr std::int64_t nanoseconds() const { return ns_; }

    constexpr std::int64_t milliseconds() const { return ns_ / 1'000'000; }  // towards zero

    friend constexpr auto operator<=>(Duration, Duration) = default;

    friend constexpr Duration operator+(Duration a, Duration b) { return Duration(a.ns_ + b.ns_); }

    friend constexpr Duration operator-(Duration a, Duration b) { return Duration(a.ns_ - b.ns_); }

    friend constexpr Duration operator*(Duration a, std::int64_t count) {
        return Duration(a.ns_ * count);
    }

    friend constexpr Duration operator/(Duration a, std::int64_t count) {
        return Duration(a.ns_ / count);
    }

private:
    constexpr explicit Duration(std::int64_t ns) : ns_(ns) {}

    std::int64_t ns_ = 0;
};

class Instant {
public:
    constexpr Instant() = default;

    static constexpr Instant from_nanoseconds(std::int64_t ns) { return Instant(ns); }

    // Later than every Instant that a clock returns: "never".
    static constexpr Instant never() { return Instant(INT64_MAX); }

    constexpr std::int64_t nanoseconds() const { return ns_; }

    friend constexpr auto operator<=>(Instant, Instant) = default;

    // Saturates at never().
    friend constexpr Instant operator+(Instant a, Duration b) {
        const bool overflows = b.nanoseconds() > 0 && a.ns_ > INT64_MAX - b.nanoseconds();
        return overflows ? never() : Instant(a.ns_ + b.nanoseconds());
    }

    friend constexpr Instant operator-(Instant a, Duration b) {
        return Instant(a.ns_ - b.nanoseconds());
    }

    friend constexpr Duration operator-(Instant a, Instant b) {
        return Duration::nanoseconds(a.ns_ - b.ns_);
    }

private:
    constexpr explicit Instant(std::int64_t ns) : ns_(ns) {}

    std::int64_t ns_ = 0;
};

class WallTime {
public:
    constexpr WallTime() = default;

    static constexpr WallTime from_milliseconds(std::int64_t ms) { return WallTime(ms); }

    constexpr std::int64_t milliseconds() const { return ms_; }

    friend constexpr auto operator<=>(WallTime, WallTime) = default;

    friend constexpr WallTime operator+(WallTime a, Duration b) {
        return WallTime(a.ms_ + b.milliseconds());
    }

    friend constexpr WallTime operator-(WallTime a, Duration b) {
        return WallTime(a.ms_ - b.milliseconds());
    }

    friend constexpr Duration operator-(WallTime a, WallTime b) {
        return Duration::milliseconds(a.ms_ - b.ms_);
    }

private:
    constexpr explicit WallTime(std::int64_t ms) : ms_(ms) {}

    std::int64_t ms_ = -1;  // Kafka's "no timestamp"
};

}  // namespace glasslog

// Prints "1.250s".
template <>
struct fmt::formatter<glasslog::Duration> {
    constexpr auto parse(format_parse_context& context) { return context.begin(); }

    auto format(glasslog::Duration d, format_context& context) const {
        const std::int64_t ms = d.milliseconds();
        return fmt::format_to(context.out(),
                              "{}{}.{:03}s",
                              ms < 0 ? "-" : "",
                              (ms < 0 ? -ms : ms) / 1000,
                              (ms < 0 ? -ms : ms) % 1000);
    }
};

template <>
struct fmt::formatter<glasslog::Instant> : fmt::formatter<glasslog::Duration> {
    auto format(glasslog::Instant t, format_context& context) const {
        return fmt::formatter<glasslog::Duration>::format(
            glasslog::Duration::nanoseconds(t.nanoseconds()),
            context);
    }
};

template <>
struct fmt::formatter<glasslog::WallTime> : fmt::formatter<std::int64_t> {
    auto format(glasslog::WallTime t, format_context& context) const {
        return fmt::formatter<std::int64_t>::format(t.milliseconds(), context);
    }
};
