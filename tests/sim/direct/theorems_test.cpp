// The theorems that deviations in tests/planted/deviations.py were needed for: each speaks of what
// it is about and of nothing else, and a world feeds it.

#include "sim/direct/explorer.hpp"
#include "sim/direct/pacer.hpp"
#include "sim/direct/rules.hpp"
#include "sim/direct/script.hpp"
#include "sim/invariants/lone_voter_durable.hpp"
#include "sim/invariants/removed_leader_resigns.hpp"
#include "sim/invariants/vote_durable.hpp"
#include "sim/invariants/voter_caught_up.hpp"

#include <gtest/gtest.h>

namespace glasslog::sim::direct {
namespace {

// The first of 3,000 runs with this mistake, watched by this theorem alone, that finds something.
std::uint64_t first_seed(std::string_view mistake, Theorem theorem) {
    ExploreOptions options;
    (*find_mistake(mistake, ""))->plant(options.rules);
    options.watched = set_of(theorem);
    std::uint64_t seed = 1;
    while (seed <= 3'000 && !explore(options, seed).finding)
        ++seed;
    return seed;
}

TEST(TheoremsTest, AVoteIsToldWhenItIsDurable) {
    const NodeId node{1};
    const VoteInEpoch said{LeaderEpoch(3), NodeId(2)};

    EXPECT_FALSE(vote_durable(node, said, said));
    EXPECT_FALSE(vote_durable(node, said, {LeaderEpoch(4), no_node})) << "it went on";
    EXPECT_TRUE(vote_durable(node, said, {LeaderEpoch(2), NodeId(2)}));
    EXPECT_TRUE(vote_durable(node, said, {LeaderEpoch(3), no_node}));
    EXPECT_TRUE(vote_durable(node, said, {LeaderEpoch(3), NodeId(3)}));
    EXPECT_LE(first_seed("vote=reply_at_once", Theorem::vote_durable), 100U);
}

TEST(TheoremsTest, ANewVoterHoldsSomethingOfTheEpoch) {
    EXPECT_FALSE(voter_caught_up(NodeId(4), Offset(10), Offset(11)));
    EXPECT_TRUE(voter_caught_up(NodeId(4), Offset(10), Offset(10)));
    EXPECT_TRUE(voter_caught_up(NodeId(4), Offset(10), Offset(0)));
    // A fetch that nothing durable stands behind proves nothing.
    EXPECT_LE(first_seed("flush=never", Theorem::voter_caught_up), 3'000U);
}

TEST(TheoremsTest, ARemovedLeaderLeadsUntilThatIsCommitted) {
    EXPECT_FALSE(removed_leader_resigns(NodeId(1), Offset(10), Offset(10)));
    EXPECT_TRUE(removed_leader_resigns(NodeId(1), Offset(10), Offset(11)));
    // A second change takes the place of the removal, whose end nobody sees then.
    EXPECT_LE(first_seed("reconfigure=at_once", Theorem::removed_leader_resigns), 3'000U);
}

TEST(TheoremsTest, ALoneVoterShowsWhatItsDiskHas) {
    EXPECT_FALSE(lone_voter_durable(NodeId(1), Offset(10), Offset(10)));
    EXPECT_TRUE(lone_voter_durable(NodeId(1), Offset(11), Offset(10)));
    EXPECT_LE(first_seed("flush=never", Theorem::lone_voter_durable), 3'000U);
}

// A broker that goes on to fetch is no voter: its leader is as lonely as without it.
TEST(TheoremsTest, ALonelyLeaderStillHearsItsBrokers) {
    WorldOptions options;
    options.observers = 1;
    World world(options);
    Pacer pacer(world, {});
    pacer.apply({.verb = Verb::settle, .count = 30'000});
    const std::size_t leader = world.leader();
    ASSERT_NE(leader, 0U);
    const auto self = static_cast<std::uint8_t>(leader);
    const std::uint64_t before = world.node(4).state().request_count;

    pacer.apply({.verb = Verb::alone, .node = self, .count = 2'500});

    EXPECT_GT(world.node(4).state().request_count, before + 3);
}

// Kinds of runs that single deviations are found by.
TEST(TheoremsTest, ThePortfolioHasIdleRunsAndLongSnapshots) {
    std::size_t idle = 0;
    std::size_t longest = 0;
    for (std::uint64_t seed = 1; seed <= 600; ++seed) {
        Plan plan = plan_of({}, seed);
        idle += plan.every_of(Act::propose) >= Duration::milliseconds(1'000) ? 1U : 0U;
        longest += plan.world.snapshot_chunks >= 50 ? 1U : 0U;
    }

    EXPECT_GT(idle, 50U);
    EXPECT_GT(longest, 50U);
}

TEST(TheoremsTest, ALongSnapshotIsPartOfAScript) {
    const auto script = parse_script("nodes 3 0 0\nchunks 70\nsettle 1000\n", "x");

    ASSERT_TRUE(script);
    EXPECT_EQ(script->world.snapshot_chunks, 70U);
    EXPECT_NE(text(*script).find("chunks 70\n"), std::string::npos);
}

}  // namespace
}  // namespace glasslog::sim::direct
