// The same seed gives the same run: event by event within a build, and hash by hash between builds
// and environments (tests/determinism.sh runs `determinism_test --hashes` of each and compares).

#include "sim/run.hpp"
#include "sim/scenario_parser.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

namespace glasslog::sim {
namespace {

Scenario load(const std::string& name) {
    std::ifstream stream(std::string(GLASSLOG_SOURCE_DIR) + "/scenarios/lessons/" + name);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    auto scenario = parse_scenario(text, name);
    EXPECT_TRUE(scenario.has_value()) << scenario.error().text();
    return *std::move(scenario);
}

// Sorted.
std::vector<std::string> lessons() {
    std::vector<std::string> names;
    const std::string root = std::string(GLASSLOG_SOURCE_DIR) + "/scenarios/lessons";
    for (const auto& entry : std::filesystem::directory_iterator(root)) {
        if (entry.path().extension() == ".scenario") {
            names.push_back(entry.path().filename().string());
        }
    }
    std::ranges::sort(names);
    return names;
}

TEST(DeterminismTest, TheSameSeedGivesTheSameEvents) {
    ASSERT_GE(lessons().size(), 4U);
    for (const std::string& name : lessons()) {
        const RunReport report = check_determinism(load(name), 42);
        EXPECT_NE(report.code, RunCode::diverged) << report.problems.front();
    }
}

TEST(DeterminismTest, WatchingChangesNothing) {
    const Scenario scenario = load("power-loss.scenario");
    trace::MemorySink sink;
    RunOptions watched;
    watched.sink = &sink;

    const RunReport with = run_scenario(scenario, 5, std::move(watched));
    const RunReport without = run_scenario(scenario, 5);

    EXPECT_EQ(with.hash, without.hash);
    EXPECT_GT(sink.bytes().size(), 1000U);
}

TEST(DeterminismTest, TwoHundredSeedsGiveTwoHundredHashes) {
    const Scenario scenario = load("process-crash.scenario");
    std::set<std::uint64_t> hashes;

    for (std::uint64_t seed = 1; seed <= 200; ++seed)
        hashes.insert(run_scenario(scenario, seed).hash);

    EXPECT_EQ(hashes.size(), 200U);
}

}  // namespace

// One line for each scenario and seed.
void print_hashes(std::uint64_t seeds) {
    for (const std::string& name : lessons()) {
        const Scenario scenario = load(name);
        for (std::uint64_t seed = 1; seed <= seeds; ++seed)
            fmt::print("{} {} {:016x}\n", name, seed, run_scenario(scenario, seed).hash);
    }
}

}  // namespace glasslog::sim

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    if (argc == 3 && std::string(argv[1]) == "--hashes") {
        glasslog::sim::print_hashes(std::strtoull(argv[2], nullptr, 10));
        return 0;
    }
    return RUN_ALL_TESTS();
}
