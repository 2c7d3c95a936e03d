// Lines in, a trace out; verdicts of small scenarios.

#include "sim/serve.hpp"

#include "core/trace/reader.hpp"
#include "sim/scenario_parser.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace glasslog::sim {
namespace {

using testing::HasSubstr;

Scenario scenario_of(const std::string& more) {
    auto parsed = parse_scenario(
        "scenario \"small\"\ncluster brokers b1\ntopic orders\n"
        "load p1 produce orders rate 100/s\n" +
            more,
        "small");
    EXPECT_TRUE(parsed.has_value()) << parsed.error().text();
    return *std::move(parsed);
}

std::vector<std::string> kinds_in(const trace::MemorySink& sink) {
    trace::TraceReader reader;
    reader.feed(sink.bytes());
    std::vector<std::string> kinds;
    while (true) {
        auto event = reader.next();
        EXPECT_TRUE(event.has_value()) << event.error().text();
        if (!event || !*event) return kinds;
        kinds.push_back(trace::kind_name((*event)->kind.value()));
    }
}

TEST(ServeTest, StreamsTheTraceUpToTheTimeThatWasAskedFor) {
    trace::MemorySink sink;
    Serve serve(scenario_of("end at 2s\n"), 1, sink);
    const std::size_t header = sink.bytes().size();
    EXPECT_GT(header, 8U);

    ASSERT_TRUE(serve.line("run until 500ms").has_value());

    EXPECT_GT(sink.bytes().size(), header);
    EXPECT_THAT(kinds_in(sink), testing::Contains("produce_acked"));
    EXPECT_FALSE(serve.is_ended());
}

TEST(ServeTest, InjectsWhatALineSays) {
    trace::MemorySink sink;
    Serve serve(scenario_of("end at 3s\n"), 1, sink);
    ASSERT_TRUE(serve.line("run until 500ms").has_value());
    ASSERT_TRUE(serve.line("at 700ms crash b1").has_value());
    ASSERT_TRUE(serve.line("at 1s restart b1").has_value());
    EXPECT_FALSE(serve.line("at 1s restrt b1").has_value());

    ASSERT_TRUE(serve.line("end").has_value());

    ASSERT_TRUE(serve.report().has_value());
    EXPECT_EQ(serve.report()->code, RunCode::holds) << report_text(*serve.report());
    ASSERT_EQ(serve.report()->faults.size(), 2U);
    EXPECT_EQ(serve.report()->faults[0].bites, 1U);
    EXPECT_EQ(kinds_in(sink).back(), "verdict");
}

TEST(ServeTest, RefusesWhatDoesNotApplyAndTheVerdictStays) {
    trace::MemorySink sink;
    Serve serve(scenario_of("end at 2s\n"), 1, sink);
    ASSERT_TRUE(serve.line("run until 500ms").has_value());

    for (const std::string line : {"heal x", "restart b1", "resume b1"}) {
        const auto taken = serve.line(line);
        ASSERT_FALSE(taken.has_value()) << line;
        EXPECT_THAT(taken.error().text(), testing::MatchesRegex("stdin:[234]:1: .*"));
        EXPECT_THAT(taken.error().text(), HasSubstr("a command that applies now"));
    }
    ASSERT_TRUE(serve.line("at 700ms heal x").has_value());
    ASSERT_TRUE(serve.line("at 700ms restart b1").has_value());
    ASSERT_TRUE(serve.line("run until 800ms").has_value());
    EXPECT_THAT(kinds_in(sink), testing::Contains("log_line").Times(testing::Ge(2U)));
    ASSERT_TRUE(serve.line("crash b1 for 300ms").has_value());
    ASSERT_TRUE(serve.line("run until 900ms").has_value());
    EXPECT_FALSE(serve.line("crash b1").has_value());
    ASSERT_TRUE(serve.line("cut b1 | p1 as x").has_value());
    ASSERT_TRUE(serve.line("heal x").has_value()) << "the cut comes first";
    ASSERT_TRUE(serve.line("run until 901ms").has_value());
    ASSERT_TRUE(serve.line("cut b1 | p1 for 200ms").has_value());
    ASSERT_TRUE(serve.line("end").has_value());

    EXPECT_TRUE(serve.report()->problems.empty()) << report_text(*serve.report());
    EXPECT_EQ(serve.report()->faults.size(), 4U) << "with the restart after the crash";
}

TEST(ServeTest, ARestartThatComesBeforeTheTimedOneIsTheOnlyOne) {
    trace::MemorySink sink;
    Serve serve(scenario_of("end at 4s\n"), 1, sink);
    ASSERT_TRUE(serve.line("run until 500ms").has_value());
    ASSERT_TRUE(serve.line("crash b1 for 2s").has_value());
    ASSERT_TRUE(serve.line("run for 1s").has_value());
    ASSERT_TRUE(serve.line("restart b1").has_value());

    ASSERT_TRUE(serve.line("end").has_value());

    EXPECT_EQ(serve.report()->code, RunCode::holds) << report_text(*serve.report());
    EXPECT_EQ(serve.report()->faults.size(), 2U);
}

TEST(ServeTest, TellsAViolationThatTheAuditFindsBeforeTheVerdict) {
    trace::MemorySink sink;
    Serve serve(scenario_of("at 1s power-loss b1\nafter 500ms restart b1\n"
                            "expect violation acked-records-kept\nend at 3s\n"),
                1,
                sink);

    ASSERT_TRUE(serve.line("end").has_value());

    const std::vector<std::string> kinds = kinds_in(sink);
    EXPECT_THAT(kinds, testing::Contains("invariant_violated"));
    EXPECT_EQ(kinds.back(), "verdict");
}

TEST(RunTest, AFaultThatNeverBitIsAFalseGreen) {
    const RunReport report = run_scenario(scenario_of("at 1s restart b1\nend at 2s\n"), 1);

    EXPECT_EQ(report.code, RunCode::false_green);
    EXPECT_THAT(report.verdict, HasSubstr("restart b1 never bit"));
}

TEST(RunTest, AnExpectedViolationThatDoesNotHappenIsAFailure) {
    const RunReport report =
        run_scenario(scenario_of("expect violation acked-records-kept\nend at 2s\n"), 1);

    EXPECT_EQ(report.code, RunCode::violated);
    EXPECT_THAT(report.verdict, HasSubstr("was expected to be broken, and held"));
}

TEST(RunTest, TellsWhatAnExpectedViolationShowed) {
    const RunReport report =
        run_scenario(scenario_of("at 1s power-loss b1\nafter 500ms restart b1\n"
                                 "expect violation acked-records-kept\nend at 3s\n"),
                     1);

    EXPECT_EQ(report.code, RunCode::holds);
    EXPECT_THAT(report_text(report), HasSubstr("shown, as expected: acked-records-kept: "));
}

TEST(RunTest, ABrokerWhoseDiskFailedCanBeStartedAgain) {
    std::vector<std::string> lines;
    RunOptions options;
    options.observe = [&](const trace::Event& event) {
        const auto kind = trace::decode(event);
        const auto* line = kind ? std::get_if<trace::kinds::LogLine>(&*kind) : nullptr;
        if (line != nullptr) lines.push_back(line->text);
    };

    const RunReport report = run_scenario(scenario_of("always acked-records-kept\n"
                                                      "at 1s full-disk b1 after 1000 for 1s\n"
                                                      "when running(b1) == 0 within 1s\n"
                                                      "at 3s restart b1\nend at 5s\n"),
                                          1,
                                          std::move(options));

    EXPECT_EQ(report.code, RunCode::holds) << report_text(report);
    EXPECT_THAT(lines, testing::Contains(HasSubstr("b1 ended: ")));
}

// The examples of docs/scenario.md.
TEST(RunTest, FaultsOfOneFileBite) {
    const RunReport rot = run_scenario(
        scenario_of("at 1s bit-rot b1 data/orders-0/00000000000000000000.log byte 300 bit 3\n"
                    "  crash b1 for 1s\nend at 4s\n"),
        1);
    const RunReport sync = run_scenario(scenario_of("topic ledger flush.messages=1\n"
                                                    "load p2 produce ledger rate 50/s\n"
                                                    "always acked-records-kept\n"
                                                    "at 1s fail-sync b1 data/ledger-0/\n"
                                                    "at 2s restart b1\nend at 4s\n"),
                                        1);

    EXPECT_EQ(rot.code, RunCode::holds) << report_text(rot);
    EXPECT_EQ(sync.code, RunCode::holds) << report_text(sync);
}

TEST(RunTest, AConditionThatNeverHoldsFailsWithItsWords) {
    const RunReport report = run_scenario(
        scenario_of("when acked(p1) > 100000 within 1s else fail \"too few\"\nend at 2s\n"),
        1);

    EXPECT_EQ(report.code, RunCode::violated);
    EXPECT_THAT(report.verdict, HasSubstr("not within 1.000s"));
    EXPECT_THAT(report.verdict, HasSubstr("too few"));
}

TEST(RunTest, AnOrderlyStopLosesNothingAndNeedsNoRecovery) {
    const RunReport report = run_scenario(scenario_of("always acked-records-kept\n"
                                                      "at 1s stop b1\n"
                                                      "after 1s restart b1\n"
                                                      "expect lost(p1) == 0\nend at 4s\n"),
                                          1);

    EXPECT_EQ(report.code, RunCode::holds) << report_text(report);
}

TEST(RunTest, ReportsAsJson) {
    const RunReport report = run_scenario(scenario_of("end at 1s\n"), 7);

    EXPECT_THAT(report_json(report), HasSubstr("\"title\":\"small\",\"seed\":7,\"code\":0,"));
}

TEST(RunTest, OnlyTheTextOfASayChangesWithIt) {
    const RunReport without = run_scenario(scenario_of("at 500ms crash b1 for 1s\nend at 3s\n"), 3);
    const RunReport with =
        run_scenario(scenario_of("at 500ms say \"hello\"\n  crash b1 for 1s\nend at 3s\n"), 3);

    EXPECT_EQ(with.event_count, without.event_count);
    EXPECT_EQ(with.acked, without.acked);
    EXPECT_NE(with.hash, without.hash);
}

// The broker's recovery of every fault kind that a single node survives.
TEST(RunTest, ABrokerOutlivesABusyDay) {
    const RunReport report = run_scenario(
        scenario_of("load p2 produce orders rate 50/s acks=all idempotent\n"
                    "load c1 consume orders\n"
                    "always acked-records-kept\nalways consumed-in-order\nalways log-contiguous\n"
                    "at 500ms pause b1 for 300ms\n"
                    "after 1s cut b1 | p1 for 500ms\n"
                    "after 1s clog b1 | others for 400ms\n"
                    "after 1s slow-disk b1 x30 for 500ms\n"
                    "after 1s reset b1 | p2\n"
                    "after 500ms stall-disk b1 for 300ms\n"
                    "after 1s crash b1 for 500ms\n"
                    "after 2s clock-skew b1 by 3s for 1s\n"
                    "after 2s half-open b1 -> c1\n"
                    "end at 15s\n"),
        11);

    EXPECT_EQ(report.code, RunCode::holds) << report_text(report);
}

}  // namespace
}  // namespace glasslog::sim
