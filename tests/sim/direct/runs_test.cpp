// Random and exhaustive runs of the correct protocol: they hold, they are the same twice, they see
// what they are to see.

#include "sim/direct/exhaustive.hpp"
#include "sim/direct/explorer.hpp"
#include "sim/direct/script.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

namespace glasslog::sim::direct {
namespace {

// More of them by GLASSLOG_DIRECT_SEEDS=N.
std::uint64_t seed_count(std::uint64_t usually) {
    const char* const wanted = std::getenv("GLASSLOG_DIRECT_SEEDS");
    return wanted == nullptr ? usually : std::strtoull(wanted, nullptr, 10);
}

TEST(RunsTest, RandomRunsHoldAndEveryKindOfFaultBites) {
    Bites bites{};
    for (std::uint64_t seed = 1; seed <= seed_count(1'200); ++seed) {
        const RunReport report = explore({}, seed);
        ASSERT_FALSE(report.finding) << "seed " << seed << ": " << report.finding->text;
        for (std::size_t i = 0; i < bite_count; ++i)
            bites[i] += report.bites[i];
    }

    for (std::size_t i = 0; i < bite_count; ++i)
        EXPECT_GT(bites[i], 0U) << name_of(static_cast<Bite>(i)) << " never bit";
}

TEST(RunsTest, ASeedGivesTheSameRunTwice) {
    for (std::uint64_t seed = 1; seed <= 30; ++seed)
        EXPECT_EQ(explore({}, seed).digest, explore({}, seed).digest) << seed;
}

TEST(RunsTest, TheCommandsAloneAreTheRun) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        const RunReport report = explore({}, seed);

        const Replay again = replay(report.world, report.pace, report.commands);

        EXPECT_EQ(again.digest, report.digest) << seed;
        EXPECT_EQ(again.steps, report.steps) << seed;
    }
}

TEST(RunsTest, EveryRunOfThreeVotersHoldsToASmallDepth) {
    for (const bool begins_led : {false, true}) {
        ExhaustiveOptions options;
        options.depth = 6;
        options.begins_led = begins_led;

        const ExhaustiveReport report = explore_all(options);

        EXPECT_TRUE(report.is_complete) << report.states;
        EXPECT_FALSE(report.finding) << report.finding->text;
        EXPECT_GT(report.states, 500U);
    }
}

TEST(RunsTest, EveryRunFindsAReadFromMemory) {
    ExhaustiveOptions options;
    options.depth = 3;
    options.rules.flush = raft::FlushRule::never;
    options.begins_led = true;

    const ExhaustiveReport report = explore_all(options);

    ASSERT_TRUE(report.finding);
    EXPECT_EQ(name_of(report.finding->theorem).id, "R8");
    EXPECT_LE(report.path.size(), 3U);
}

// The rows `| from | to | when |` of the page, as pairs.
std::set<std::pair<std::string, std::string>> documented_moves() {
    std::ifstream page(std::string(GLASSLOG_SOURCE_DIR) + "/docs/raft.md");
    std::set<std::pair<std::string, std::string>> moves;
    bool is_in_table = false;
    for (std::string line; std::getline(page, line);) {
        if (line.starts_with("| from | to |")) is_in_table = true;
        if (is_in_table && !line.starts_with("|")) break;
        if (!is_in_table || line.starts_with("|---") || line.starts_with("| from")) continue;
        std::stringstream cells(line);
        std::string bar;
        std::string from;
        std::string to;
        cells >> bar >> from >> bar >> to;
        moves.insert({from, to});
    }
    return moves;
}

std::string role_of(Look look) {
    return std::string(look == Look::voted ? "unattached" : name_of(look));
}

// Of voters who stay voters, mostly three, some alone.
TEST(RunsTest, TheTableOfMovesIsWhatRunsSee) {
    const auto documented = documented_moves();
    ASSERT_GT(documented.size(), 15U);
    Coverage coverage;
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        ExploreOptions options;
        options.voters = seed % 10 == 0 ? 1 : 3;
        options.strategy = seed % 2 == 0 ? Strategy::paired_crashes : Strategy::state_triggered;
        coverage.add(explore(options, seed).coverage);
    }

    std::set<std::pair<std::string, std::string>> seen;
    for (std::size_t i = 0; i < look_count * look_count * 4; ++i) {
        const Move move{static_cast<Look>(i / 4 / look_count),
                        static_cast<Look>(i / 4 % look_count),
                        (i & 2) != 0,
                        (i & 1) != 0};
        if (coverage.count(move) == 0) continue;
        if (move.from == Look::observer || move.to == Look::observer) continue;
        const std::pair pair{role_of(move.from), role_of(move.to)};
        seen.insert(pair);
        if (pair.first == pair.second && !move.is_epoch_higher) continue;
        EXPECT_TRUE(documented.contains(pair)) << pair.first << " -> " << pair.second;
    }
    for (const auto& [from, to] : documented)
        EXPECT_TRUE(seen.contains({from, to})) << "never seen: " << from << " -> " << to;
}

}  // namespace
}  // namespace glasslog::sim::direct
