// Each mistake that a Raft machine can be given has a list of commands that kills it: with the
// mistake the named theorem breaks, without it all theorems hold. And random runs find it, too.

#include "sim/direct/script.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace glasslog::sim::direct {
namespace {

namespace fs = std::filesystem;

// Within so many runs the portfolio finds each mistake.
constexpr std::uint64_t seeds_max = 600;

Script exhibit(const Mistake& mistake) {
    const fs::path path = fs::path(GLASSLOG_SOURCE_DIR) / "scenarios/exhibits/direct" /
                          (std::string(mistake.exhibit) + ".direct");
    std::ifstream stream(path);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    auto script = parse_script(text, path.filename().string());
    EXPECT_TRUE(script) << (script ? "" : script.error().text());
    return script ? *script : Script{};
}

class ExhibitTest : public testing::TestWithParam<Mistake> {};

TEST_P(ExhibitTest, BreaksItsTheoremWithTheMistake) {
    const Script script = exhibit(GetParam());

    const Replay result = replay(script.world, script.pace, script.commands);

    ASSERT_EQ(script.planted.size(), 1U);
    EXPECT_EQ(script.planted[0]->text(), GetParam().text());
    ASSERT_TRUE(result.finding);
    ASSERT_TRUE(script.expected);
    EXPECT_EQ(name_of(result.finding->theorem).id, name_of(*script.expected).id);
}

TEST_P(ExhibitTest, HoldsWithoutTheMistake) {
    Script script = exhibit(GetParam());
    script.world.rules = {};
    script.world.watched = all_theorems;

    const Replay result = replay(script.world, script.pace, script.commands);

    EXPECT_FALSE(result.finding) << result.finding->text;
    EXPECT_GT(result.steps, 0U);
}

TEST_P(ExhibitTest, IsFoundByRandomRuns) {
    ExploreOptions options;
    GetParam().plant(options.rules);
    options.watched = set_of(*find_theorem(GetParam().theorem));

    std::uint64_t seed = 1;
    while (seed <= seeds_max && !explore(options, seed).finding)
        ++seed;

    EXPECT_LE(seed, seeds_max) << GetParam().theorem << " never broke";
}

INSTANTIATE_TEST_SUITE_P(AllMistakes,
                         ExhibitTest,
                         testing::ValuesIn(mistakes().begin(), mistakes().end()),
                         [](const auto& instance) {
                             std::string name;
                             for (const char c : instance.param.exhibit) {
                                 if (c != '-') name += c;
                             }
                             return name;
                         });

TEST(ExhibitsTest, EveryListIsOfAMistake) {
    std::size_t count = 0;
    const fs::path folder = fs::path(GLASSLOG_SOURCE_DIR) / "scenarios/exhibits/direct";
    for (const auto& entry : fs::directory_iterator(folder)) {
        ++count;
        EXPECT_TRUE(find_mistake(entry.path().stem().string(), "")) << entry.path();
    }
    EXPECT_EQ(count, mistakes().size());
}

}  // namespace
}  // namespace glasslog::sim::direct
