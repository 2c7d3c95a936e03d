// Commands and scripts as text, and the shrinker.

#include "sim/direct/shrink.hpp"

#include <gtest/gtest.h>

namespace glasslog::sim::direct {
namespace {

TEST(ScriptTest, ACommandIsReadBackAsItWasPrinted) {
    for (const char* const line : {"deliver 1>2 vote",
                                   "@12000000 deliver 1>2 fetch-answer#17",
                                   "duplicate 3>1 any",
                                   "crash 1",
                                   "crash 1 2 1",
                                   "cut 1>2",
                                   "heal",
                                   "heal 2>1",
                                   "add-voter 1 4",
                                   "alone 2 9000",
                                   "settle 60000"}) {
        const auto command = parse_command(line, "x");

        ASSERT_TRUE(command) << line;
        EXPECT_EQ(text(*command), line);
    }
}

TEST(ScriptTest, AnUnknownCommandIsRefusedWithItsPlace) {
    const auto script = parse_script("nodes 3 0 0\ntick 1\ntickle 1\n", "x.direct");

    ASSERT_FALSE(script);
    EXPECT_EQ(script.error().where, "x.direct:3:7");
    EXPECT_EQ(script.error().what, "unknown command 'tickle'");
    EXPECT_FALSE(parse_script("nodes 30 0 0\n", "x"));
    EXPECT_FALSE(parse_script("rule commit=never\n", "x"));
    EXPECT_FALSE(parse_script("expect R99\n", "x"));
    EXPECT_FALSE(parse_script("deliver 1>2 love\n", "x"));
    EXPECT_FALSE(parse_script("tick\n", "x"));
}

TEST(ScriptTest, AShrunkRunIsReadBackAndNoCommandOfItIsIdle) {
    const Mistake* const mistake = *find_mistake("stale-leader-read", "");
    ExploreOptions options;
    mistake->plant(options.rules);
    options.watched = set_of(Theorem::linearizable_read);
    RunReport report = explore(options, 1);
    for (std::uint64_t seed = 2; !report.finding; ++seed)
        report = explore(options, seed);

    const Shrunk shrunk = shrink(script_of(report, {mistake}), 20'000);

    ASSERT_TRUE(shrunk.is_minimal);
    EXPECT_LT(shrunk.script.commands.size(), 40U);
    const auto again = parse_script(text(shrunk.script), "x");
    ASSERT_TRUE(again);
    EXPECT_EQ(text(*again), text(shrunk.script));
    EXPECT_TRUE(replay(again->world, again->pace, again->commands).finding);
    for (std::size_t i = 0; i < again->commands.size(); ++i) {
        std::vector<Command> fewer = again->commands;
        fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
        EXPECT_FALSE(replay(again->world, again->pace, fewer).finding) << text(again->commands[i]);
    }
}

}  // namespace
}  // namespace glasslog::sim::direct
