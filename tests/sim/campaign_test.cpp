// Many seeds in forked workers: none is lost because another one aborts.

#include "core/cli/campaign.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>
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

std::string failure_of(std::uint64_t seed) {
    return fmt::format(
        R"({{"seed":{0},"code":1,"verdict":"bad {0}","hash":"{0:x}","events":1,"faults":[]}})",
        seed);
}

// One of the two workers is slow.
std::string slow_failure_of(std::uint64_t seed) {
    std::set<std::uint64_t> busy;
    while (seed % 2 == 1 && busy.size() < 50'000)
        busy.insert(busy.size() * seed);
    if (seed == 4) std::abort();
    return failure_of(seed);
}

TEST(CampaignTest, FindingsComeInTheOrderOfSeedsAndTheRestIsCounted) {
    const std::string text = summary(slow_failure_of, {1, 13}, static_cast<ExitCode>(1));

    EXPECT_THAT(text,
                HasSubstr("  seed 1: bad 1\n  seed 2: bad 2\n  seed 3: bad 3\n  seed 4: the"));
    EXPECT_THAT(text, HasSubstr("  seed 10: bad 10\n  … and 3 more\n"));
}

TEST(CampaignTest, JsonComesInTheOrderOfSeeds) {
    testing::internal::CaptureStdout();
    EXPECT_EQ(run_campaign(slow_failure_of, {1, 5}, 2, Output::json), static_cast<ExitCode>(1));
    const std::string text = testing::internal::GetCapturedStdout();

    EXPECT_EQ(
        text,
        failure_of(1) + "\n" + failure_of(2) + "\n" + failure_of(3) + "\n" + failure_of(5) + "\n");
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
