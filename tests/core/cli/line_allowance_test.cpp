#include "core/cli/line_allowance.hpp"

#include <gtest/gtest.h>

namespace glasslog::cli {
namespace {

Instant at_ms(std::int64_t ms) {
    return Instant::from_nanoseconds(ms * 1'000'000);
}

TEST(LineAllowanceTest, LeavesOutWhatIsTooMuchAndTellsHowMuchThatWas) {
    LineAllowance allowance;
    for (std::uint32_t i = 0; i < LineAllowance::lines_max; ++i)
        EXPECT_EQ(allowance.take(at_ms(5)), 0U);
    for (int i = 0; i < 7; ++i)
        EXPECT_EQ(allowance.take(at_ms(1004)), std::nullopt);

    EXPECT_EQ(allowance.take(at_ms(1005)), 7U);
    EXPECT_EQ(allowance.take(at_ms(1006)), 0U) << "told once";
}

}  // namespace
}  // namespace glasslog::cli
