// Many seeds in forked workers: none is lost because another one aborts.

#include "core/cli/campaign.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace glasslog::cli {
namespace {

using testing::HasSubstr;

std::string report_of(std::uint64_t seed) {
    return fmt::format(R"({{"code":0,"verdict":"","hash":"{:x}","events":1,"faults":[]}})", seed);
}

std::string summary(const RunSeed& run, SeedRange seeds, ExitCode expected) {
    testing::internal::CaptureStdout();
    const ExitCode code = run_campaign(run, seeds, 2, Output::text);
    EXPECT_EQ(code, expected);
    return testing::internal::GetCapturedStdout();
}

TEST(CampaignTest, RunsEverySeedOnce) {
    EXPECT_THAT(summary(report_of, {3, 11}, static_cast<ExitCode>(0)),
                HasSubstr("9 seeds, 9 different hashes, 9 events, 0 findings"));
}

TEST(CampaignTest, AnAbortIsAFindingAndTheOtherSeedsRun) {
    const RunSeed run = [](std::uint64_t seed) {
        if (seed == 3 || seed == 5 || seed == 10) std::abort();
        return report_of(seed);
    };

    const std::string text = summary(run, {1, 10}, static_cast<ExitCode>(1));

    EXPECT_THAT(text, HasSubstr("7 seeds, 7 different hashes, 7 events, 3 findings"));
    EXPECT_THAT(text, HasSubstr("seed 3: the simulator's process killed by signal 6"));
    EXPECT_THAT(text, HasSubstr("seed 10: "));
}

TEST(CampaignTest, SeedsThatNeverReportAreAFinding) {
    const RunSeed run = [](std::uint64_t seed) {
        if (seed == 2) std::_Exit(0);  // as if all were well
        return report_of(seed);
    };

    EXPECT_THAT(summary(run, {1, 10}, static_cast<ExitCode>(1)),
                HasSubstr("5 of 10 seeds gave no report"));
}

}  // namespace
}  // namespace glasslog::cli
