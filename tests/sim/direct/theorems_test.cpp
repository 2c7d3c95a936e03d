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

// Node 3 leads, removes itself, crashes, and observes by its own record. While the snapshot that
// replaces the record is being installed, it votes; then it is a voter again. Seed 159606.
TEST(TheoremsTest, AVoterByAnInstalledSnapshotHasADeadline) {
    const auto script = parse_script(
        "nodes 3 0 0\nseed 159606\nfast 50\nlatency 38000000\nsync-time 230000000\n"
        "tick 3\ndeliver 3>2 vote\ndeliver 2>3 vote-answer\ndeliver 3>1 vote\nsync 3\n"
        "deliver 3>1 vote\nsync 1\ndeliver 1>3 vote-answer#2\nsync 3\ndeliver 3>2 begin\n"
        "sync 2\ndeliver 2>3 fetch\ndeliver 3>2 fetch-answer\nsync 2\ndeliver 2>3 fetch\n"
        "remove-voter 3 3\ntick 2\ndeliver 2>1 vote\ndeliver 1>2 vote-answer\nsync 2\n"
        "deliver 2>1 vote\nsync 1\ndeliver 1>2 vote-answer\nsync 2\ndeliver 2>1 begin\n"
        "sync 1\ndeliver 1>2 fetch\ndeliver 2>1 fetch-answer\nsync 1\ndeliver 1>2 fetch\n"
        "crash 3 2\nrestart 3\nsync 3\ndeliver 3>1 fetch\ndeliver 1>3 fetch-answer\n"
        "sync 3\nsnapshot 2\nsettle 60000\n",
        "x");
    ASSERT_TRUE(script);

    const Replay result = replay(script->world, script->pace, script->commands);

    EXPECT_FALSE(result.finding) << result.finding->text;
}

// A voter that was removed while it was away asks for votes while a snapshot is being installed,
// which then says that it is none: it goes back to its leader, or looks for one.
TEST(TheoremsTest, WhoIsNoVoterByAnInstalledSnapshotAsksForNoVotes) {
    const char* const denied =
        "nodes 3 0 0\nseed 1\nchunks 1\nrun 5000\ncrash 3\nremove-voter 1 3\nrun 1000\n"
        "remove-voter 1 2\nrun 1000\npropose 1 5\nrun 500\nsnapshot 1\nrun 500\ncrash 2\n"
        "restart 3\ndeliver 3>1 fetch\ndeliver 1>3 fetch-answer\n"
        "deliver 3>1 fetch-snapshot\ndeliver 1>3 fetch-snapshot-answer\n"
        "@16000000000 tick 3\ndeliver 3>1 vote\ndeliver 1>3 vote-answer\nsync 3\nsync 3\n"
        "run 10000\npropose 1 5\nsettle 60000\n";
    const char* const granted =
        "nodes 3 0 0\nseed 1\nchunks 1\nrun 5000\ncrash 3\nremove-voter 1 3\nrun 1000\n"
        "propose 1 5\nrun 2000\nsnapshot 1\nrun 500\nrestart 3\ndeliver 3>1 fetch\n"
        "deliver 1>3 fetch-answer\ndeliver 3>1 fetch-snapshot\n"
        "deliver 1>3 fetch-snapshot-answer\n@16000000000 tick 3\nfail 3>1 vote\n"
        "fail 3>2 vote\nsync 3\ncrash 1\ncrash 2\nrestart 1\nrestart 2\n"
        "@16100000000 tick 3\ndeliver 3>1 vote\ndeliver 1>3 vote-answer\n"
        "deliver 3>2 vote\ndeliver 2>3 vote-answer\nrun 3000\n";
    for (const char* const text : {denied, granted}) {
        const auto script = parse_script(text, "x");
        ASSERT_TRUE(script);

        const Replay result = replay(script->world, script->pace, script->commands);

        EXPECT_FALSE(result.finding) << result.finding->text;
    }
}

TEST(TheoremsTest, ALongSnapshotIsPartOfAScript) {
    const auto script = parse_script("nodes 3 0 0\nchunks 70\nsettle 1000\n", "x");

    ASSERT_TRUE(script);
    EXPECT_EQ(script->world.snapshot_chunks, 70U);
    EXPECT_NE(text(*script).find("chunks 70\n"), std::string::npos);
}

}  // namespace
}  // namespace glasslog::sim::direct
