// The scenario language: what it reads, and what it says when it cannot.

#include "sim/scenario_parser.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace glasslog::sim {
namespace {

using testing::HasSubstr;

const std::string cluster =
    "cluster brokers b1 reactors 2\ntopic orders partitions 2\n"
    "load p1 produce orders rate 200/s\nload c1 consume orders\n";

std::string error_of(const std::string& text) {
    const auto parsed = parse_scenario(text, "x.scenario");
    return parsed ? "no error" : parsed.error().text();
}

TEST(ScenarioParserTest, ReadsTheClusterAndItsLoad) {
    const auto parsed =
        parse_scenario("scenario \"A title\"\nlevel beginner minutes 3 seed 9\n" + cluster +
                           "net latency 1ms..5ms exp\n"
                           "disk fsync 1ms..4ms crash-model lose-unsynced+tear\n"
                           "end at 25s\n",
                       "x");

    ASSERT_TRUE(parsed.has_value()) << parsed.error().text();
    EXPECT_EQ(parsed->title, "A title");
    EXPECT_EQ(parsed->seed, 9U);
    EXPECT_EQ(parsed->reactors, 2);
    EXPECT_EQ(parsed->latency,
              (Latency{Duration::milliseconds(1), Duration::milliseconds(5), Shape::exponential}));
    EXPECT_EQ(parsed->crash_model, (CrashModel{Unsynced::lost, Unsynced::lost, 512}));
    EXPECT_EQ(parsed->topics.at(0).partitions, 2);
    EXPECT_EQ(std::get<ProduceLoad>(parsed->loads.at(0).work).rate_per_second, 200);
    EXPECT_EQ(parsed->end, Duration::seconds(25));
}

TEST(ScenarioParserTest, ReadsBlocksWithTheirSteps) {
    const auto good = parse_scenario(cluster +
                                         "at 1.5s say \"now\"\n"
                                         "     say.pt \"agora\"\n"
                                         "     cut b1 | others for 2s as split\n"
                                         "after 20ms heal split\n",
                                     "x");

    ASSERT_TRUE(good.has_value()) << good.error().text();
    ASSERT_EQ(good->blocks.size(), 2U);
    EXPECT_EQ(std::get<At>(good->blocks[0].trigger).time, Duration::milliseconds(1500));
    ASSERT_EQ(good->blocks[0].steps.size(), 2U);
    EXPECT_EQ(std::get<SayStep>(good->blocks[0].steps[0]).pt, "agora");
    EXPECT_EQ(print(good->blocks[0].steps[1]), "cut b1 | others for 2s as split");
}

TEST(ScenarioParserTest, PrintsEveryStepAsItReadsIt) {
    for (const std::string step : {"crash b1",
                                   "power-loss b1 lose-suffix+tear-4096",
                                   "power-loss b1 lose-unsynced+names-keep",
                                   "power-loss b1 for 2s",
                                   "power-loss b1 lose-suffix for 2s as dark",
                                   "restart b1",
                                   "stop b1",
                                   "pause p1 for 300ms",
                                   "resume p1",
                                   "cut b1 | p1 as split",
                                   "cut b1 -> p1",
                                   "clog b1 | c1 for 1s",
                                   "slow-link b1 | p1 by 5ms",
                                   "throttle b1 | p1 to 1000/s",
                                   "reset b1 | p1",
                                   "half-open b1 -> p1",
                                   "refuse-connects b1",
                                   "hang-connects b1",
                                   "slow-disk b1 x10",
                                   "stall-disk b1",
                                   "full-disk b1 after 1000",
                                   "fail-sync b1 data/orders-0",
                                   "bit-rot b1 data/orders-0/x byte 100 bit 3",
                                   "dead-disk b1",
                                   "clock-skew b1 by 5s",
                                   "clock-skew b1 by -1500ms",
                                   "clock-drift b1 by 100ppm",
                                   "clock-jump b1 by 5s wall 3s",
                                   "let X = log-end(orders-0)",
                                   "check log-end(orders-1) >= 3 and running(b1) == 1"}) {
        const auto parsed = parse_scenario(cluster + "at 1s " + step + "\n", "x");
        ASSERT_TRUE(parsed.has_value()) << step << ": " << parsed.error().text();
        EXPECT_EQ(print(parsed->blocks.at(0).steps.at(0)), step);
    }
}

const std::string quorum = "cluster brokers b1 controllers q1 q2 q3\nload a1 topics rate 5/s\n"
    "load op voters every 300ms\nexpect voters-changed(op) > 1\n";

TEST(ScenarioParserTest, ReadsControllersByNameByNumberAndOnTheBrokers) {
    const auto named = parse_scenario(quorum, "x");
    const auto counted = parse_scenario("cluster brokers b1 b2 controllers 3 reactors 2\n", "x");
    const auto combined = parse_scenario("cluster brokers b1 b2 b3 controllers combined\n", "x");

    ASSERT_TRUE(named.has_value()) << named.error().text();
    EXPECT_EQ(named->controllers, (std::vector<std::string>{"q1", "q2", "q3"}));
    EXPECT_EQ(server_names(*named), (std::vector<std::string>{"b1", "q1", "q2", "q3"}));
    ASSERT_TRUE(counted.has_value()) << counted.error().text();
    EXPECT_EQ(counted->controllers, (std::vector<std::string>{"c1", "c2", "c3"}));
    EXPECT_EQ(counted->reactors, 2);
    ASSERT_TRUE(combined.has_value()) << combined.error().text();
    EXPECT_TRUE(combined->is_combined);
    EXPECT_EQ(server_names(*combined), combined->brokers);
    for (const Scenario& scenario : {*named, *counted, *combined})
        EXPECT_EQ(print(*parse_scenario(print(scenario), "again")), print(scenario));
}

TEST(ScenarioParserTest, ReadsStepsOnWhoeverIsActive) {
    for (const std::string step : {"crash controller",
                                   "bounce follower",
                                   "bounce q1 for 5ms",
                                   "cut {L} | others as split",
                                   "cut controller -> follower",
                                   "pause {L} for 3s",
                                   "power-loss {L} lose-suffix+tear",
                                   "check controller != {L} and epoch({L}) > 3",
                                   "check topics-acked(a1) >= committed(controller)"}) {
        const auto parsed =
            parse_scenario(quorum + "at 1s let L = controller\n      " + step + "\n", "x");
        ASSERT_TRUE(parsed.has_value()) << step << ": " << parsed.error().text();
        EXPECT_EQ(print(parsed->blocks.at(0).steps.at(1)), step);
    }
}

TEST(ScenarioParserTest, ReadsChaos) {
    const std::string line =
        "chaos    from 1s to 8s swarm { crash 0.2/s ..2s, cut 3/s ..300ms } on servers at-most 2\n";

    const auto parsed = parse_scenario(quorum + line, "x");

    ASSERT_TRUE(parsed.has_value()) << parsed.error().text();
    const Chaos& chaos = parsed->chaos.at(0);
    EXPECT_TRUE(chaos.is_swarm);
    EXPECT_EQ(chaos.kinds.at(0).per_thousand_seconds, 200);
    EXPECT_EQ(chaos.kinds.at(1).lasting_max, Duration::milliseconds(300));
    EXPECT_EQ(chaos.at_most, 2);
    EXPECT_THAT(print(*parsed), HasSubstr(line));
}

struct Mistake {
    std::string text;
    std::string error;
};

class ScenarioErrorTest : public testing::TestWithParam<Mistake> {};

TEST_P(ScenarioErrorTest, SaysWhereWhatAndTheNearestWord) {
    EXPECT_THAT(error_of(GetParam().text), HasSubstr(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    All,
    ScenarioErrorTest,
    testing::Values(
        Mistake{cluster + "at 1s crsh b1\n", "x.scenario:5:7: unexpected word 'crsh'"},
        Mistake{cluster + "at 1s crsh b1\n", "did you mean 'crash'?"},
        Mistake{cluster + "at 1s crash b2\n", "x.scenario:5:13: unexpected word 'b2'"},
        Mistake{cluster + "at soon crash b1\n", "a time as 1.5s, 20ms or 300us"},
        Mistake{"clustr brokers b1\n", "did you mean 'cluster'?"},
        Mistake{"cluster brokers b1 b1\n", "there is already a 'b1'"},
        Mistake{"cluster brokers b1 glasslog.reactors=x\n", "x.scenario:1:17"},
        Mistake{cluster + "load p1 consume orders\n", "there is already a 'p1'"},
        Mistake{cluster + "load p2 produce order rate 5/s\n", "did you mean 'orders'?"},
        Mistake{cluster + "load p2 produce orders rate 5\n", "a rate as 200/s"},
        Mistake{cluster + "at 1s say \"open\n", "a text that does not end"},
        Mistake{cluster + "at 1s heal split\n", "unexpected word 'split'"},
        Mistake{cluster + "at 1s heal split\n",
                "a fault that is named above (as NAME); there is none"},
        Mistake{"cluster brokers b1\nload p1 produce foo\n",
                "a topic of a line above; there is none"},
        Mistake{cluster + "at 1s say \"x\"\ncrash b1\n", "x.scenario:6:1: the step 'crash'"},
        Mistake{cluster + "at 1s say \"x\"\ncrash b1\n", "indent it"},
        Mistake{cluster + "crash b1\n", "for example at 1s crash"},
        Mistake{cluster + "when log-end(orders-7) > 1\n", "unexpected word 'orders-7'"},
        Mistake{cluster + "expect lost(b1) == 0\n", "x.scenario:5:13: unexpected word 'b1'"},
        Mistake{cluster + "expect lost(b1) == 0\n", "a producer: p1"},
        Mistake{cluster + "expect lost(b1) == 0\n", "did you mean 'p1'?"},
        Mistake{cluster + "expect acked(c1) == 0\n", "a producer: p1"},
        Mistake{cluster + "expect gaps(p1) == 0\n", "did you mean 'c1'?"},
        Mistake{"cluster brokers b1\nexpect gaps(b1) == 0\n", "a consumer; there is none"},
        Mistake{cluster + "when acked(p1) = 1\n", "==, !=, <, <=, > or >="},
        Mistake{cluster + "always acked-record-kept\n", "did you mean 'acked-records-kept'?"},
        Mistake{cluster + "disk crash-model lose-unsinced\n", "did you mean 'lose-unsynced'?"},
        Mistake{cluster + "at 1s say.pt \"x\"\n", "say.pt without a say"},
        Mistake{cluster + "at 1s throttle b1 | p1 to 0/s\n",
                "x.scenario:5:27: unexpected word '0/s'"},
        Mistake{cluster + "at 1s throttle b1 | p1 to 0/s\n", "a number from 1/s to"},
        Mistake{cluster + "at 1s clock-jump b1 by -5s\n", "x.scenario:5:24: unexpected word '-5s'"},
        Mistake{cluster + "at 1s clock-drift b1 by -1000000ppm\n", "-900000ppm to 1000000ppm"},
        Mistake{cluster + "at 1s clock-drift b1 by 9000000000ppm\n", "x.scenario:5:25"},
        Mistake{cluster + "at 1s clock-skew b1 by 999999999s\n", "x.scenario:5:24"},
        Mistake{cluster + "at 1s slow-disk b1 x0\n", "a number from x1 to x100000"},
        Mistake{cluster + "at 1s slow-disk b1 x-3\n", "x.scenario:5:20"},
        Mistake{cluster + "at 1s slow-link b1 | p1 by -5ms\n", "x.scenario:5:28"},
        Mistake{cluster + "at 1s bit-rot b1 x byte 1 bit 8\n", "a number from 0 to 7"},
        Mistake{cluster + "at 1s pause b1 for -1s\n", "x.scenario:5:20"},
        Mistake{cluster + "at -1s pause b1\n", "x.scenario:5:4"},
        Mistake{cluster + "net latency 1ms..2000s\n", "at most 60s"},
        Mistake{"topic orders partitions 5000000000\n", "x.scenario:1:25"},
        Mistake{"topic orders partitions 1001\n", "a number from 1 to 1000"},
        Mistake{"cluster brokers b1 reactors 9\n", "a number from 1 to 8"},
        Mistake{"topic orders replicas 3\n", "1, as no broker copies from another yet"},
        Mistake{"cluster brokers b1 b2\n", "several brokers, each a cluster of its own"},
        Mistake{"cluster brokers c1 controllers 3\n", "there is already a 'c1'"},
        Mistake{"cluster brokers b1 controllers 10\n", "a number from 1 to 9"},
        Mistake{"cluster brokers controller\n", "there is already a 'controller'"},
        Mistake{"cluster brokers b1 controler 3\n", "did you mean 'controllers'?"},
        Mistake{cluster + "at 1s crash controller\n", "unexpected word 'controller'"},
        Mistake{quorum + "at 1s crash controler\n", "did you mean 'controller'?"},
        Mistake{quorum + "at 1s crash {L}\n", "a name that a let above has bound"},
        Mistake{quorum + "when epoch(a1) > 1\n", "x.scenario:5:12"},
        Mistake{quorum + "when topics-acked(q1) > 1\n", "did you mean 'a1'?"},
        Mistake{quorum + "chaos from 1s to 2s { crsh 1/s ..1s } on servers\n",
                "did you mean 'crash'?"},
        Mistake{quorum + "chaos from 1s to 2s { crash 1 ..1s } on servers\n", "a rate as 0.2/s"},
        Mistake{quorum + "chaos from 1s to 2s { crash 1/s 1s } on servers\n", "as ..2s"},
        Mistake{cluster + "chaos from 1s to 2s { crash 1/s ..1s } on controllers\n",
                "chaos on controllers that are not there"},
        Mistake{cluster + "load op voters\n", "changes of voters without controllers"},
        Mistake{quorum + "load o2 voters every 0ms\n", "at least 0.001s"},
        Mistake{quorum + "expect voters-changed(a1) > 1\n", "a load that changes the voters: op"},
        Mistake{"# nothing\n", "a scenario without a cluster"}));

TEST(ScenarioParserTest, FindsTheNearestWord) {
    EXPECT_EQ(nearest_word("crsh", {"cut", "crash", "restart"}), "crash");
    EXPECT_EQ(nearest_word("rnu", {"serve", "run"}), "run");
    EXPECT_EQ(nearest_word("xyz", {"cut", "crash"}), "");
}

TEST(ScenarioParserTest, ReadsTheCommandsOfServe) {
    const auto scenario = parse_scenario(cluster, "x");
    ASSERT_TRUE(scenario.has_value());

    const auto run = parse_command("run until 1500000000ns", *scenario);
    const auto crash = parse_command("at 3.2s crash b1", *scenario);
    const auto wrong = parse_command("at 3.2s crash b9", *scenario);

    ASSERT_TRUE(run.has_value());
    EXPECT_EQ(std::get<RunUntil>(*run).time, Duration::milliseconds(1500));
    ASSERT_TRUE(crash.has_value());
    EXPECT_EQ(std::get<DoAt>(*crash).time, Duration::milliseconds(3200));
    EXPECT_THAT(wrong.error().text(), HasSubstr("stdin:1:15"));
}

}  // namespace
}  // namespace glasslog::sim
