#pragma once

// Keyed randomness: the n-th draw of (domain, entity) is a hash of (seed, domain, entity, n), so
// one more draw in one place moves no other. Domains are short names ("election", "latency");
// entities say whose ("link:3"). The mapping is versioned as `model keyed/1` in scenarios.

#include "core/base/bytes.hpp"
#include "core/base/check.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace glasslog {

// A 64-bit hash that is the same on every machine and in every build (never used against enemies).
class StableHash {
public:
    StableHash& add(std::uint64_t word) {
        state_ = mix(state_ ^ mix(word + 0x9E3779B97F4A7C15)) + 0x632BE59BD9B4E019;
        return *this;
    }

    StableHash& add(std::string_view text);
    StableHash& add(ByteView bytes);

    std::uint64_t value() const { return mix(state_); }

private:
    // The finaliser of SplitMix64 (Steele, Lea, Flood 2014): every input bit reaches every output
    // bit.
    static constexpr std::uint64_t mix(std::uint64_t x) {
        x ^= x >> 30;
        x *= 0xBF58476D1CE4E5B9;
        x ^= x >> 27;
        x *= 0x94D049BB133111EB;
        x ^= x >> 31;
        return x;
    }

    std::uint64_t state_ = 0x9E3779B97F4A7C15;
};

std::uint64_t keyed_draw(std::uint64_t seed,
                         std::string_view domain,
                         std::string_view entity,
                         std::uint64_t n);

// Maps a draw to [0, bound) without modulo bias that matters (the high half of a 128-bit product).
std::uint64_t below(std::uint64_t draw, std::uint64_t bound);

// Maps a draw to [low, high], both inclusive.
std::int64_t between(std::uint64_t draw, std::int64_t low, std::int64_t high);

// A probability without floating point: `parts` of `whole`.
struct Ratio {
    std::uint32_t parts = 0;
    std::uint32_t whole = 1;

    bool holds(std::uint64_t draw) const { return below(draw, whole) < parts; }

    friend auto operator<=>(const Ratio&, const Ratio&) = default;
};

}  // namespace glasslog
