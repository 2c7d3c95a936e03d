#pragma once

// How long the simulated world takes for something: a range and a shape, sampled from a keyed
// draw without floating point.

#include "core/base/time.hpp"

#include <cstdint>

namespace glasslog::sim {

enum class Shape : std::uint8_t { uniform, exponential };

// uniform: every value of [low, high] alike. exponential: low plus a tail with the mean
// (high - low) / 4, so that about one sample in fifty lies above `high`; none above
// low + 8 * (high - low).
struct Latency {
    Duration low;
    Duration high;
    Shape shape = Shape::uniform;

    static constexpr Latency constant(Duration value) { return {value, value}; }

    Duration sample(std::uint64_t draw) const;

    friend bool operator==(const Latency&, const Latency&) = default;
};

// -ln((draw + 1) / 2^64) in units of 2^-16, by an integer table: the same in every build.
std::uint64_t negative_log(std::uint64_t draw);

}  // namespace glasslog::sim
