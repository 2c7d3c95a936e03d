#include "sim/latency.hpp"

#include "core/base/random.hpp"

#include <gtest/gtest.h>

namespace glasslog::sim {
namespace {

TEST(LatencyTest, KeepsAUniformSampleInItsRange) {
    const Latency latency{Duration::milliseconds(1), Duration::milliseconds(5)};

    EXPECT_EQ(latency.sample(0), Duration::milliseconds(1));
    EXPECT_EQ(latency.sample(UINT64_MAX), Duration::milliseconds(5));
}

TEST(LatencyTest, GivesAnExponentialSampleATailAndItsMean) {
    const Latency latency{Duration::milliseconds(1), Duration::milliseconds(5), Shape::exponential};
    std::int64_t sum = 0;
    int above_high = 0;
    constexpr int count = 20'000;

    for (std::uint64_t i = 0; i < count; ++i) {
        const Duration sample = latency.sample(keyed_draw(1, "test", "", i));
        ASSERT_GE(sample, latency.low);
        ASSERT_LE(sample, Duration::milliseconds(33));
        sum += sample.nanoseconds();
        above_high += sample > latency.high ? 1 : 0;
    }

    EXPECT_NEAR(static_cast<int>(sum / count), 2'000'000, 30'000);
    EXPECT_NEAR(above_high, count * 183 / 10'000, 60);  // e^-4
}

TEST(LatencyTest, TakesTheLogarithmByTable) {
    EXPECT_EQ(negative_log(UINT64_MAX), 0U);
    EXPECT_NEAR(static_cast<int>(negative_log(UINT64_MAX / 2)), 45'426, 2);    // ln 2
    EXPECT_NEAR(static_cast<int>(negative_log(UINT64_MAX / 10)), 150'902, 4);  // ln 10
}

}  // namespace
}  // namespace glasslog::sim
