// Every .scenario under scenarios/, with several seeds: lessons hold, their twins fail for the
// reason that they name and hold without their mistake, and no fault that was asked for stays
// without effect.
//
//   scenarios_test [--gtest_filter=…]
//
// Seeds: GLASSLOG_SEEDS; else 10, or, as the test scenarios_explore, 50, with --full 1000.

#include "sim/run.hpp"
#include "sim/scenario_parser.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

namespace glasslog::sim {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::string read(const fs::path& path) {
    std::ifstream stream(path);
    return {std::istreambuf_iterator<char>(stream), {}};
}

// Relative to scenarios/, sorted.
std::vector<std::string> scenario_files() {
    const fs::path root = fs::path(GLASSLOG_SOURCE_DIR) / "scenarios";
    std::vector<std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
        if (entry.path().extension() == ".scenario") {
            files.push_back(fs::relative(entry.path(), root).string());
        }
    }
    std::ranges::sort(files);
    return files;
}

Scenario load(const std::string& file) {
    const fs::path path = fs::path(GLASSLOG_SOURCE_DIR) / "scenarios" / file;
    auto scenario = parse_scenario(read(path), file);
    EXPECT_TRUE(scenario.has_value()) << scenario.error().text();
    return *std::move(scenario);
}

std::uint64_t seed_count() {
    if (const char* const given = std::getenv("GLASSLOG_SEEDS"))
        return std::strtoull(given, nullptr, 10);
    if (std::getenv("GLASSLOG_EXPLORE") == nullptr) return 10;
    return std::getenv("GLASSLOG_FULL") == nullptr ? 50 : 1000;
}

// How each twin must fail.
const std::string& expected_failure(const std::string& file) {
    static const std::map<std::string, std::string> reasons{
        {"lessons/twins/controller-failover.scenario", "nobody took over"},
        {"lessons/twins/cut-off-controller.scenario", "epoch({F}) == EPOCH"},
        {"lessons/twins/quorum-power-loss.scenario", "acked-topics-kept broken"},
        {"lessons/twins/consumer-restart.scenario", "consumed-in-order broken"},
        {"lessons/twins/lost-answer.scenario", "acked-records-kept broken"},
        {"lessons/twins/power-loss.scenario", "the log could not be read within 30.000s: orders-"},
        {"lessons/twins/process-crash.scenario", "acked records of p1 are lost"}};
    static const std::string unknown = "add the twin to expected_failure()";
    const auto found = reasons.find(file);
    return found == reasons.end() ? unknown : found->second;
}

class ScenarioFile : public testing::TestWithParam<std::string> {};

TEST_P(ScenarioFile, EndsAsItSaysWithEverySeed) {
    const Scenario scenario = load(GetParam());
    const bool is_twin = !scenario.twin_of.empty();

    for (std::uint64_t seed = 1; seed <= seed_count(); ++seed) {
        const RunReport report = run_scenario(scenario, seed);
        const RunCode expected = is_twin ? RunCode::violated : RunCode::holds;
        ASSERT_EQ(report.code, expected) << report_text(report);
        ASSERT_GT(report.acked + 30 * report.topics_acked, 100) << report_text(report);
        if (!is_twin) continue;
        ASSERT_THAT(report.verdict, HasSubstr(expected_failure(GetParam()))) << seed;
    }
}

// Otherwise it shows nothing about the mistake.
TEST_P(ScenarioFile, ATwinHoldsWithoutItsMistake) {
    Scenario scenario = load(GetParam());
    if (scenario.mistake.empty()) return;
    scenario.mistake.clear();

    for (std::uint64_t seed = 1; seed <= seed_count(); ++seed) {
        const RunReport report = run_scenario(scenario, seed);
        ASSERT_EQ(report.code, RunCode::holds) << report_text(report);
    }
}

TEST_P(ScenarioFile, PrintsAsAScenarioThatParsesToTheSame) {
    const Scenario scenario = load(GetParam());
    const std::string printed = print(scenario);

    const auto again = parse_scenario(printed, "printed");

    ASSERT_TRUE(again.has_value()) << again.error().text() << "\n" << printed;
    EXPECT_EQ(print(*again), printed);
}

TEST_P(ScenarioFile, HasATwinThatFailsOrIsOne) {
    const Scenario scenario = load(GetParam());
    // What regressions/ looks for are mistakes that nobody knows yet.
    if (!scenario.twin_of.empty() || GetParam().starts_with("regressions/")) return;
    const auto files = scenario_files();

    EXPECT_TRUE(std::ranges::any_of(files, [&](const std::string& file) {
        return load(file).twin_of == scenario.title;
    })) << scenario.title;
}

std::string test_name(const testing::TestParamInfo<std::string>& file) {
    std::string name = file.param.substr(0, file.param.rfind('.'));
    std::erase_if(name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); });
    return name;
}

INSTANTIATE_TEST_SUITE_P(All, ScenarioFile, testing::ValuesIn(scenario_files()), test_name);

}  // namespace
}  // namespace glasslog::sim
