#include "sim/latency.hpp"

#include "core/base/check.hpp"
#include "core/base/random.hpp"

#include <array>
#include <bit>

namespace glasslog::sim {
namespace {

// log2(1 + i / 256) in units of 2^-16, by squaring: each squaring yields one more bit.
constexpr std::uint32_t log2_of_mantissa(std::uint32_t i) {
    std::uint64_t x = (std::uint64_t{1} << 31) + (std::uint64_t{i} << 23);  // 1.31 fixed point
    std::uint32_t bits = 0;
    for (int b = 0; b < 16; ++b) {
        x = x * x >> 31;
        bits <<= 1;
        if (x >> 32 != 0) {
            bits |= 1;
            x >>= 1;
        }
    }
    return bits;
}

constexpr auto log2_table = [] {
    std::array<std::uint32_t, 257> table{};
    for (std::uint32_t i = 0; i < 256; ++i)
        table[i] = log2_of_mantissa(i);
    table[256] = 1 << 16;
    return table;
}();

constexpr std::uint64_t ln2_2_16 = 45'426;  // ln(2) * 2^16

}  // namespace

std::uint64_t negative_log(std::uint64_t draw) {
    if (draw == UINT64_MAX) return 0;
    const std::uint64_t x = draw + 1;
    const auto zeros = static_cast<std::uint64_t>(std::countl_zero(x));
    const std::uint64_t normal = x << zeros;  // top bit set: 1.mantissa
    const auto index = static_cast<std::size_t>(normal >> 55 & 0xFF);
    const std::uint64_t rest = normal >> 39 & 0xFFFF;
    const std::uint64_t low = log2_table[index];
    const std::uint64_t fraction = low + ((log2_table[index + 1] - low) * rest >> 16);
    const std::uint64_t log2_of_inverse = ((zeros + 1) << 16) - fraction;  // 2^64 / x
    return log2_of_inverse * ln2_2_16 >> 16;
}

Duration Latency::sample(std::uint64_t draw) const {
    CHECK(low <= high, "low {} high {}", low, high);
    if (low == high) return low;
    if (shape == Shape::uniform) {
        return Duration::nanoseconds(between(draw, low.nanoseconds(), high.nanoseconds()));
    }
    const std::int64_t span = (high - low).nanoseconds();
    const auto log = static_cast<std::int64_t>(negative_log(draw));  // below 64 * 2^16
    const std::int64_t tail = span / 4 / 1024 * log / 64 + span / 4 % 1024 * log / 65536;
    return low + Duration::nanoseconds(tail < span * 8 ? tail : span * 8);
}

}  // namespace glasslog::sim
