// Verdicts of small clusters with controllers: the words of the language, and theorems that bite.

#include "sim/run.hpp"
#include "sim/scenario_parser.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace glasslog::sim {
namespace {

using testing::HasSubstr;

RunReport run(const std::string& text, std::uint64_t seed = 1) {
    const auto parsed = parse_scenario(text, "small");
    EXPECT_TRUE(parsed.has_value()) << parsed.error().text();
    return run_scenario(*parsed, seed);
}

const std::string three =
    "cluster brokers b1 controllers 3\nload a1 topics rate 10/s\n"
    "always quorum-sound\nalways acked-topics-kept\n";

TEST(QuorumRunTest, TheBrokersMayBeTheControllers) {
    const RunReport report =
        run("cluster brokers b1 b2 b3 controllers combined reactors 2\nload a1 topics rate 10/s\n"
            "always quorum-sound\nalways acked-topics-kept\n"
            "when topics-acked(a1) >= 5 within 20s\n"
            "     let L = controller\n"
            "     crash {L} for 3s\n"
            "when controller != {L} within 5s\n"
            "     let TOPICS = topics-acked(a1)\n"
            "when topics-acked(a1) > TOPICS within 20s say \"on\"\n"
            "end at 15s\n");

    EXPECT_EQ(report.code, RunCode::holds) << report_text(report);
}

TEST(QuorumRunTest, ABounceRestartsAndAPauseKeepsTheSockets) {
    const RunReport report = run(three +
                                 "when topics-acked(a1) >= 3 within 20s\n"
                                 "     let L = controller\n"
                                 "     let F = follower\n"
                                 "     bounce {F}\n"
                                 "after 100ms check running({F}) == 1\n"
                                 "     pause {L} for 6s\n"
                                 "when controller != {L} within 5s say \"another\"\n"
                                 "after 8s check epoch({L}) == epoch(controller)\n"
                                 "end at 20s\n");

    EXPECT_EQ(report.code, RunCode::holds) << report_text(report);
}

TEST(QuorumRunTest, AStopThatTakesLongerThanItsTimeIsFollowedByTheStart) {
    const RunReport report = run(three +
                                 "when topics-acked(a1) >= 3 within 20s\n"
                                 "     stop b1 for 1us\n"
                                 "     stop controller for 1us\n"
                                 "after 4s check running(b1) == 1\n"
                                 "     check running(c1) == 1 and running(c2) == 1\n"
                                 "     check running(c3) == 1\n"
                                 "     stop controller\n"  // and started for the verdict
                                 "end at 20s\n");

    EXPECT_EQ(report.code, RunCode::holds) << report_text(report);
}

TEST(QuorumRunTest, AControllerThatStopsInOrderNeedsNoRecovery) {
    const auto parsed =
        parse_scenario(three + "at 5s stop follower\nend at 10s\n", "small");
    ASSERT_TRUE(parsed.has_value()) << parsed.error().text();
    sim::Run small(*parsed, 1, {});
    small.run_until(Instant() + Duration::seconds(9));

    std::int64_t closed = 0;
    for (const char* name : {"c1", "c2", "c3"}) {
        const NodeId node = *small.world().find_node(name);
        if (small.world().is_running(node)) continue;
        EXPECT_TRUE(small.world().disk(node).find("data/.kafka_cleanshutdown").has_value());
        ++closed;
    }
    EXPECT_EQ(closed, 1);
}

// The leader among them: its removal is the last that it commits, and it commits as the leader.
TEST(QuorumRunTest, TheVotersMayChangeWhileTopicsAreCreated) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        const RunReport report =
            run("cluster brokers b1 controllers 3\nload a1 topics rate 50/s\n"
                "load op voters every 100ms\n"
                "always quorum-sound\nalways acked-topics-kept\n"
                "expect voters-changed(op) >= 4\nend at 6s\n",
                seed);

        EXPECT_EQ(report.code, RunCode::holds) << report_text(report);
    }
}

// The broker has sent it on to a controller that answers no more, and nobody else asks anything.
// It finds the next one within its request timeout of two seconds.
TEST(QuorumRunTest, ARequestLeavesAControllerThatIsNoMore) {
    const RunReport report =
        run("cluster brokers b1 controllers 3\nload a1 topics rate 1/s count 5\n"
            "always quorum-sound\n"
            "when topics-acked(a1) >= 4 within 20s\n"
            "     let L = controller\n"
            "     pause {L} for 25s\n"
            "when controller != {L} within 6s say \"another\"\n"
            "after 3s check topics-acked(a1) == 5\n"
            "end at 40s\n");

    EXPECT_EQ(report.code, RunCode::holds) << report_text(report);
}

TEST(QuorumRunTest, ANameThatMeansNobodyNowIsAProblem) {
    const RunReport let = run(three + "at 0s let L = controller\nend at 2s\n");
    const RunReport step = run(three + "at 0s crash controller\nend at 2s\n");

    EXPECT_THAT(let.verdict, HasSubstr("line 5: let L = controller: it has no value now"));
    EXPECT_THAT(step.verdict, HasSubstr("line 5: crash controller names no node"));
}

TEST(QuorumRunTest, ChanceIsOfTheSeedAndKeepsToItsBudget) {
    const std::string chaos = three +
                              "chaos from 1s to 6s { crash 2/s ..500ms } on controllers at-most 1\n"
                              "end at 8s\n";

    const RunReport one = run(chaos, 1);
    const RunReport other = run(chaos, 2);

    EXPECT_EQ(one.code, RunCode::holds) << report_text(one);
    EXPECT_GE(one.faults.size(), 4U) << report_text(one);
    EXPECT_NE(one.fault_texts, other.fault_texts);
    for (std::size_t i = 0; i < one.fault_texts.size(); ++i) {
        const std::string expected = i % 2 == 0 ? "crash" : "restart";
        EXPECT_THAT(one.fault_texts[i], HasSubstr(expected)) << "one at a time";
    }
}

TEST(QuorumRunTest, ATheoremIsSeenBroken) {
    const RunReport report = run("mistake quorum-never-flushes\n" + three +
                                 "when topics-acked(a1) >= 5 within 20s power-loss c1 for 1s\n"
                                 "     power-loss c2 for 1s\n"
                                 "     power-loss c3 for 1s\n"
                                 "expect violation quorum-backed\n"
                                 "expect topics-lost(a1) > 0\n"
                                 "end at 8s\n");

    EXPECT_THAT(report.violations,
                testing::Contains(testing::Field(&Violation::promise, "quorum-backed")));
    EXPECT_THAT(report_text(report), HasSubstr("acked-topics-kept broken"));
    EXPECT_THAT(report_text(report), testing::Not(HasSubstr("expected topics-lost")));
}

}  // namespace
}  // namespace glasslog::sim
