#include "core/trace/why.hpp"

#include "core/trace/diff.hpp"
#include "core/trace/export.hpp"
#include "tests/core/trace/sample.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace glasslog::trace {
namespace {

std::vector<std::string> chain(const Timeline& timeline, EventId id) {
    std::vector<std::string> names;
    for (const Reason& reason : why(timeline, id)) {
        const Event& event = timeline.events()[reason.position];
        names.push_back(fmt::format("{}{} {}",
                                    reason.is_second ? "second " : "",
                                    reason.depth,
                                    kind_name(event.kind.value())));
    }
    return names;
}

TEST(WhyTest, FollowsAnAckBackToTheProducer) {
    const Timeline timeline = timeline_of(power_loss_story(1, 1));
    const auto& events = timeline.events();
    const auto ack = std::find_if(events.begin(), events.end(), [](const Event& e) {
        return e.kind == EventKind(121);
    });

    EXPECT_EQ(chain(timeline, ack->id),
              (std::vector<std::string>{"0 produce_acked",
                                        "1 message_delivered",
                                        "2 message_sent",
                                        "3 batch_appended",
                                        "4 message_delivered",
                                        "5 message_sent",
                                        "6 record_produced"}));
}

TEST(WhyTest, NamesTheParkedRequestAsSecondCause) {
    Story story;
    const EventId parked = story.add(1, broker, kinds::RequestReceived{1, 2, 1, 17, 80});
    const EventId appended = story.add(2, broker, kinds::DiskState{"full"});
    story.add(3, broker, kinds::RequestAnswered{1, 2, 1, 0}, appended);
    auto events = story.events();
    events[2].second_cause = parked;

    const auto names = chain(timeline_of(events), EventId(3));

    EXPECT_EQ(names,
              (std::vector<std::string>{"0 request_answered",
                                        "1 disk_state",
                                        "second 1 request_received"}));
}

TEST(WhyTest, EndsAtLoopsLimitsAndUnknownEvents) {
    Story story;
    story.add(1, broker, kinds::DiskState{"a"}, EventId(2));
    story.add(2, broker, kinds::DiskState{"b"}, EventId(1));
    const Timeline loop = timeline_of(story.events());

    EXPECT_EQ(why(loop, EventId(2)).size(), 2U);
    EXPECT_EQ(why(loop, EventId(2), 1).size(), 1U);
    EXPECT_TRUE(why(loop, EventId(3)).empty());
    EXPECT_EQ(why_text(loop, EventId(3)), "no event #3 in this trace\n");
}

TEST(WhyTest, SaysTheChainInWords) {
    const Timeline timeline = timeline_of(power_loss_story(1, 1));
    const auto& events = timeline.events();
    const auto cut = std::find_if(events.begin(), events.end(), [](const Event& e) {
        return e.kind == EventKind(62);
    });

    EXPECT_EQ(
        why_text(timeline, cut->id),
        " 0 because    1.100000  b1     recovery_cut           topic=orders partition=0 "
        "offset=3 bytes=70  #24 <- #23\n"
        " 1 because    1.001000  b1     recovery_started       topic=orders partition=0 "
        "from=0  #23 <- #22\n"
        " 2 because    1.000000  b1     node_started           name=b1 role=broker "
        "reactors=2  #22 <- #20\n"
        " 3 because    0.600000  b1     node_crashed           how=power  #20 <- #19\n"
        " 4 because    0.600000  world  fault_injected         text=\"power-loss b1\"  #19\n");
}

TEST(DiffTest, NamesTheFirstDifferingEvent) {
    const auto left = power_loss_story(3, 2);
    const auto right = power_loss_story(3, 1);

    const auto divergence = first_divergence(left, right);

    ASSERT_TRUE(divergence);
    EXPECT_EQ(kind_name(divergence->left->kind.value()), "log_synced");
    EXPECT_EQ(kind_name(divergence->right->kind.value()), "high_watermark_moved");
    const std::string text = diff_text(left, right);
    EXPECT_NE(text.find("equal events, then:\n"), std::string::npos) << text;
    EXPECT_NE(text.find("  left     0.139000  b1     log_synced"), std::string::npos) << text;
}

TEST(DiffTest, AShorterRunEndsAndAnEqualOneIsEqual) {
    const auto all = power_loss_story();
    const std::span<const Event> part(all.data(), all.size() - 1);

    EXPECT_FALSE(first_divergence(all, all));
    EXPECT_EQ(first_divergence(all, part)->position, all.size() - 1);
    EXPECT_FALSE(first_divergence(all, part)->right);
    EXPECT_NE(diff_text(part, all).find("left  (ended)"), std::string::npos)
        << diff_text(part, all);
    EXPECT_EQ(diff_text(all, all).substr(0, 6), "equal:");
}

TEST(ExportTest, ShowsASelectionAndTheHashOfAll) {
    const auto file = read_trace(trace_file(power_loss_story(2, 2)));
    ASSERT_TRUE(file);
    Selection selection;
    selection.kind = kind_number("log_synced");
    selection.partition = "orders-0";

    const std::string text = show_text(*file, selection);

    EXPECT_NE(text.find("trace of test, seed 7\n"), std::string::npos) << text;
    EXPECT_NE(
        text.find("   0.109000  b1     log_synced             topic=orders partition=0 upto=3"),
        std::string::npos)
        << text;
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4) << text;
    const std::string end = fmt::format("\n2 of {} events, hash ", file->events.size());
    EXPECT_NE(text.find(end), std::string::npos) << text;
}

TEST(ExportTest, WritesOneJsonObjectAnEvent) {
    const auto events = power_loss_story();
    const std::string text = to_jsonl(events);

    EXPECT_EQ(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')), events.size());
    EXPECT_NE(text.find(R"("kind":"node_crashed","fields":{"how":"power"})"), std::string::npos);
}

}  // namespace
}  // namespace glasslog::trace
