// The same seed gives the same run: event by event within a build, and hash by hash between builds
// and environments. tests/determinism.sh runs these of each and compares:
//
//   determinism_test --hashes SEEDS              a line for each lesson and seed: NAME SEED HASH
//   determinism_test --trace NAME SEED FILE      one of those runs, with its trace
//   determinism_test --diff FILE FILE            where two of those traces part
//
// GLASSLOG_SEED_SHIFT=N runs seed S + N as S: a difference to be found.

#include "core/trace/diff.hpp"
#include "core/trace/reader.hpp"
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

namespace fs = std::filesystem;

const fs::path lessons_directory = fs::path(GLASSLOG_SOURCE_DIR) / "scenarios/lessons";

std::string read(const fs::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

// Every one, by name.
std::vector<std::string> lessons() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(lessons_directory)) {
        if (entry.path().extension() == ".scenario")
            names.push_back(entry.path().filename().string());
    }
    std::ranges::sort(names);
    return names;
}

Scenario load(const std::string& name) {
    auto scenario = parse_scenario(read(lessons_directory / name), name);
    EXPECT_TRUE(scenario.has_value()) << scenario.error().text();
    return *std::move(scenario);
}

TEST(DeterminismTest, TheSameSeedGivesTheSameEvents) {
    ASSERT_GE(lessons().size(), 4U);
    for (const std::string& name : lessons()) {
        const RunReport report = check_determinism(load(name), 42);
        EXPECT_NE(report.code, RunCode::diverged) << name << ": " << report.problems.front();
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

std::uint64_t shifted(std::uint64_t seed) {
    const char* const shift = std::getenv("GLASSLOG_SEED_SHIFT");
    return shift == nullptr ? seed : seed + std::strtoull(shift, nullptr, 10);
}

// One line for each scenario and seed.
int print_hashes(std::uint64_t seeds) {
    for (const std::string& name : lessons()) {
        const Scenario scenario = load(name);
        for (std::uint64_t seed = 1; seed <= seeds; ++seed)
            fmt::print("{} {} {:016x}\n", name, seed, run_scenario(scenario, shifted(seed)).hash);
    }
    return 0;
}

int write_trace(const std::string& name, std::uint64_t seed, const fs::path& path) {
    trace::MemorySink sink;
    RunOptions options;
    options.sink = &sink;
    run_scenario(load(name), shifted(seed), std::move(options));
    std::ofstream file(path, std::ios::binary);
    file << as_text(sink.bytes());
    return file.flush() ? 0 : 1;
}

int print_diff(const fs::path& one, const fs::path& other) {
    const auto left = trace::read_trace(as_bytes(read(one)));
    const auto right = trace::read_trace(as_bytes(read(other)));
    if (!left || !right) return 2;
    fmt::print("{}\n", trace::diff_text(left->events, right->events));
    return trace::first_divergence(left->events, right->events) ? 1 : 0;
}

}  // namespace

int command(const std::vector<std::string>& words) {
    const auto number = [](const std::string& text) {
        return std::strtoull(text.c_str(), nullptr, 10);
    };
    const std::string verb = words.empty() ? "" : words[0];
    if (verb == "--hashes" && words.size() == 2) return print_hashes(number(words[1]));
    if (verb == "--diff" && words.size() == 3) return print_diff(words[1], words[2]);
    if (verb == "--trace" && words.size() == 4)
        return write_trace(words[1], number(words[2]), words[3]);
    return RUN_ALL_TESTS();
}

}  // namespace glasslog::sim

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    return glasslog::sim::command({argv + 1, argv + argc});
}
