#include "gui/model/sentences.hpp"
#include "gui/scene/lane_layout.hpp"
#include "gui/scene/map_layout.hpp"
#include "gui/scene/theme.hpp"
#include "gui/scene/time_layout.hpp"
#include "tests/core/trace/sample.hpp"
#include "tests/gui/describe.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace glasslog::gui {
namespace {

using trace::Timeline;

Instant at_ms(std::int64_t ms) {
    return Instant::from_nanoseconds(ms * 1'000'000);
}

Scene map_at(const Timeline& timeline, std::int64_t ms, const QString& selected = {}) {
    const trace::Snapshot now = timeline.after(timeline.count_at(at_ms(ms)));
    const trace::Snapshot all = timeline.after(timeline.events().size());
    return layout_map({now, all, at_ms(ms), QSizeF(700, 560), selected});
}

Scene lanes_at(const Timeline& timeline, std::int64_t ms, qreal width = 800) {
    const trace::Snapshot now = timeline.after(timeline.count_at(at_ms(ms)));
    return layout_lanes({now, QSizeF(width, 300), {}});
}

// The lines that begin with or contain `what`.
std::string lines_with(const Scene& scene, const QString& what) {
    QStringList lines;
    for (const QString& line : describe(scene).split(QLatin1Char('\n'))) {
        if (line.contains(what)) lines += line;
    }
    return lines.join(QLatin1Char('\n')).toStdString();
}

class SceneTest : public ::testing::Test {
protected:
    Timeline timeline_ = trace::timeline_of(trace::power_loss_story(10, 7));
};

TEST_F(SceneTest, TheMapShowsARunningCluster) {
    EXPECT_EQ(describe(map_at(timeline_, 265)).toStdString(),
              "text 'Brokers'\n"
              "text 'Clients'\n"
              "line link:1:1001\n"
              "line link:1:1002\n"
              "rectangle node:1 filled\n"
              "text 'b1'\n"
              "text '2 reactors'\n"
              "rectangle log:orders-0 filled\n"
              "text 'orders-0'\n"
              "text 'end 18 · HW 18'\n"
              "polygon node:1001 filled\n"
              "text 'p1'\n"
              "text '15 acked'\n"
              "text '18 sent'\n"
              "ellipse node:1002 filled\n"
              "text 'c1'\n"
              "ellipse message:59 filled\n"
              "text 'Produce reply'\n"
              "text 'Produce'\n"
              "text 'filled = request · hollow = reply · ★ = leader · dashed = not running'");
}

TEST_F(SceneTest, TheMapShowsAPowerLossAndWhatItDropped) {
    const Scene scene = map_at(timeline_, 650);

    EXPECT_EQ(lines_with(scene, QStringLiteral("node:1 ")), "rectangle node:1 filled dashed");
    EXPECT_EQ(lines_with(scene, QStringLiteral("power lost")), "text 'b1  ✕ power lost'");
    EXPECT_EQ(lines_with(scene, QStringLiteral("Produce lost")), "text 'Produce lost'");
    EXPECT_EQ(lines_with(map_at(timeline_, 1250), QStringLiteral("lost")), "");
    EXPECT_EQ(lines_with(map_at(timeline_, 1050), QStringLiteral("b1")), "text 'b1  ↻ recovering'");
}

TEST_F(SceneTest, PlacesDoNotDependOnTime) {
    const QRectF before = box_of(map_at(timeline_, 1), QStringLiteral("node:1002"));
    const QRectF after = box_of(map_at(timeline_, 1300), QStringLiteral("node:1002"));

    EXPECT_FALSE(before.isEmpty());
    EXPECT_EQ(before, after);
}

TEST_F(SceneTest, AMessageIsWhereTheTimeSays) {
    trace::MessagePicture message;
    message.sent = at_ms(100);
    message.due = at_ms(108);

    EXPECT_EQ(progress(message, at_ms(100)), 0);
    EXPECT_EQ(progress(message, at_ms(102)), 0.25);
    EXPECT_EQ(progress(message, at_ms(108)), 1);
    EXPECT_EQ(progress(message, at_ms(200)), 1) << "never beyond its receiver";
    message.due.reset();
    EXPECT_EQ(progress(message, at_ms(200)), 0) << "nothing says that it moves";

    const qreal early = box_of(map_at(timeline_, 101), QStringLiteral("message:9")).center().y();
    const qreal late = box_of(map_at(timeline_, 107), QStringLiteral("message:9")).center().y();
    EXPECT_GT(early, late) << "from the client below to the broker above";
}

TEST_F(SceneTest, AMessageWithoutAnArrivalStandsAtItsSender) {
    trace::Story story;
    story.add(0, trace::broker, trace::kinds::NodeStarted{"b1", "broker", 1});
    story.add(0, trace::producer, trace::kinds::NodeStarted{"p1", "producer", 1});
    for (const std::int64_t position : {100, 200}) {
        story.add(1,
                  trace::producer,
                  trace::kinds::MessageSent{.connection = 1,
                                            .is_from_opener = true,
                                            .position = position,
                                            .to = trace::broker,
                                            .due_ns = -1});
    }
    story.add(2, trace::producer, trace::kinds::MessageDueMoved{1, true, 200, -1});
    const auto timeline = trace::timeline_of(story.events());

    const Scene unknown = map_at(timeline, 1);
    const Scene held = map_at(timeline, 2);

    EXPECT_EQ(lines_with(unknown, QStringLiteral("Produce ")),
              "text 'Produce not arrived yet · 2 in all'");
    EXPECT_EQ(lines_with(held, QStringLiteral("Produce ")), "text 'Produce waits · 2 in all'");
    EXPECT_LT(box_of(held, QStringLiteral("node:1001")).top() -
                  box_of(held, QStringLiteral("message:4")).bottom(),
              30);
}

TEST_F(SceneTest, ARequestAtWorkWaitsAtTheBroker) {
    trace::Story story;
    story.add(0, trace::broker, trace::kinds::NodeStarted{"b1", "broker", 1});
    story.add(0, trace::broker, trace::kinds::ConnectionOpened{1, no_node, trace::broker});
    story.add(0, trace::broker, trace::kinds::ClientNamed{1, "kcat"});
    story.add(1, trace::broker, trace::kinds::RequestReceived{1, 1, 1, 17, 80});
    story.add(2, trace::broker, trace::kinds::RequestAnswered{1, 1, 1, 0});
    const auto timeline = trace::timeline_of(story.events());

    const Scene at_work = map_at(timeline, 1);

    EXPECT_EQ(lines_with(at_work, QStringLiteral("at work")), "text 'Fetch at work'");
    EXPECT_LT(box_of(at_work, QStringLiteral("request:4")).top() -
                  box_of(at_work, QStringLiteral("node:1")).bottom(),
              30);
    EXPECT_TRUE(box_of(map_at(timeline, 2), QStringLiteral("request:4")).isEmpty());
}

TEST_F(SceneTest, RequestsAtWorkAreCounted) {
    trace::Story story;
    story.add(0, trace::broker, trace::kinds::NodeStarted{"b1", "broker", 1});
    story.add(0, trace::broker, trace::kinds::ConnectionOpened{1, no_node, trace::broker});
    story.add(0, trace::broker, trace::kinds::ClientNamed{1, "kcat"});
    for (int i = 0; i < 3; ++i)
        story.add(1, trace::broker, trace::kinds::RequestReceived{1, i, 0, 9, 80});

    const Scene scene = map_at(trace::timeline_of(story.events()), 1);

    EXPECT_EQ(lines_with(scene, QStringLiteral("at work")), "text 'Produce at work · 3 in all'");
    EXPECT_EQ(lines_with(scene, QStringLiteral("request:")), "ellipse request:4 filled");
}

TEST_F(SceneTest, TheMouseFindsWhatTheEyeSees) {
    const Scene scene = map_at(timeline_, 265);

    EXPECT_EQ(scene.hit(box_of(scene, QStringLiteral("node:1001")).center()),
              QStringLiteral("node:1001"));
    EXPECT_EQ(scene.hit(box_of(scene, QStringLiteral("link:1:1002")).center()),
              QStringLiteral("link:1:1002"));
    EXPECT_EQ(scene.hit({1, 1}), QString());
}

TEST_F(SceneTest, ACutLinkIsBrokenAndNamed) {
    trace::Story story;
    story.add(0, trace::broker, trace::kinds::NodeStarted{"b1", "broker", 1});
    story.add(0, trace::producer, trace::kinds::NodeStarted{"p1", "producer", 1});
    story.add(1, no_node, trace::kinds::LinkChanged{trace::broker, trace::producer, "cut"});

    const Scene scene = map_at(trace::timeline_of(story.events()), 1);

    EXPECT_EQ(lines_with(scene, QStringLiteral("link:1:1001")),
              "line link:1:1001 dashed\nline link:1:1001 dashed");
    EXPECT_EQ(lines_with(scene, QStringLiteral("cut")), "text '✂ cut'");
}

TEST_F(SceneTest, ManyMessagesOnALinkAreCounted) {
    trace::Story story;
    story.add(0, trace::broker, trace::kinds::NodeStarted{"b1", "broker", 1});
    story.add(0, trace::producer, trace::kinds::NodeStarted{"p1", "producer", 1});
    for (int i = 0; i < 41; ++i)
        story.send(1, trace::producer, trace::broker, 0, trace::no_event);

    EXPECT_EQ(lines_with(map_at(trace::timeline_of(story.events()), 2), QStringLiteral("message")),
              "text '41 messages'");
}

// Brokers with partitions, and clients, of which nothing else is known.
Scene map_of(int partitions, int clients) {
    trace::Story story;
    story.add(0, trace::broker, trace::kinds::NodeStarted{"b1", "broker", 1});
    for (int i = 0; i < partitions; ++i) {
        const PartitionIndex partition{i};
        story.add(0,
                  trace::broker,
                  trace::kinds::LogOpened{"orders", partition, Offset(0), Offset(0)});
    }
    for (int i = 1; i <= clients; ++i) {
        const std::string name = "consumer" + std::to_string(i);
        story.add(0, NodeId(1000 + i), trace::kinds::NodeStarted{name, "consumer", 1});
    }
    return map_at(trace::timeline_of(story.events()), 1);
}

TEST_F(SceneTest, TheNamesOfTwelveClientsCanBeRead) {
    const Scene scene = map_of(1, 12);

    QRectF before;
    for (const Drawable& drawable : scene.drawables()) {
        if (drawable.id.startsWith(QLatin1String("node:10"))) {
            EXPECT_FALSE(drawable.box.intersects(before)) << drawable.id.toStdString();
            before = drawable.box;
        }
        if (drawable.text.startsWith(QLatin1String("consumer"))) {
            EXPECT_LE(drawable.letters.width(drawable.text), drawable.box.width());
        }
    }
}

TEST_F(SceneTest, PartitionsThatDoNotFitAreCounted) {
    EXPECT_EQ(lines_with(map_of(15, 1), QStringLiteral("more")), "text '+14 more'");
    EXPECT_EQ(lines_with(map_of(2, 1), QStringLiteral("more")), "");
}

TEST_F(SceneTest, WhatIsLostLiesApartFromWhatIsSentAgain) {
    trace::Story story;
    story.add(0, trace::broker, trace::kinds::NodeStarted{"b1", "broker", 1});
    story.add(0, trace::producer, trace::kinds::NodeStarted{"p1", "producer", 1});
    for (int i = 0; i < 2; ++i) {
        story.send(1, trace::producer, trace::broker, 0, trace::no_event);
        story.add(
            1,
            trace::producer,
            trace::kinds::MessageDropped{trace::producer.value(), true, 100 + i * 100, "cut"});
    }
    story.send(1, trace::producer, trace::broker, 0, trace::no_event);

    const Scene scene = map_at(trace::timeline_of(story.events()), 1);

    const QRectF lost = box_of(scene, QStringLiteral("message:3"));
    const QRectF again = box_of(scene, QStringLiteral("message:7"));
    EXPECT_FALSE(lost.isEmpty());
    EXPECT_FALSE(lost.intersects(again));
    EXPECT_EQ(lines_with(scene, QStringLiteral("'Produce lost'")), "text 'Produce lost'");
}

TEST_F(SceneTest, TheLaneShowsWhatIsSyncedAndWhatIsNot) {
    const Scene scene = lanes_at(timeline_, 599);

    EXPECT_EQ(lines_with(scene, QStringLiteral("HW 30")), "text 'HW 30'");
    EXPECT_EQ(lines_with(scene, QStringLiteral("end 30")), "text 'end 30'");
    EXPECT_EQ(lines_with(scene, QStringLiteral("'synced")), "text 'synced to 21'");
    EXPECT_EQ(lines_with(scene, QStringLiteral("page cache")), "text 'page cache only'");
    EXPECT_EQ(lines_with(scene, QStringLiteral("c1")), "text 'c1 has read everything below 12'");
}

TEST_F(SceneTest, TheLaneDoesNotGuessWhatIsCommitted) {
    trace::Story story;
    const PartitionIndex p{0};
    story.add(0, trace::broker, trace::kinds::NodeStarted{"b1", "broker", 1});
    story.add(1, trace::broker, trace::kinds::LogOpened{"old", p, Offset(0), Offset(5)});
    const Timeline timeline = trace::timeline_of(story.events());

    EXPECT_EQ(lines_with(lanes_at(timeline, 1), QStringLiteral("HW ?")), "text 'HW ?'");
    EXPECT_EQ(lines_with(lanes_at(timeline, 1), QStringLiteral("not told")), "text 'not told'");
    EXPECT_EQ(lines_with(map_at(timeline, 1), QStringLiteral("HW ")), "text 'end 5 · HW ?'");
}

TEST_F(SceneTest, TheLaneTellsAPowerLossInThreeSteps) {
    EXPECT_EQ(lines_with(lanes_at(timeline_, 600), QStringLiteral("power lost")),
              "text '✕ power lost · tail unsure: what was not synced may be gone'");
    EXPECT_EQ(lines_with(lanes_at(timeline_, 1050), QStringLiteral("recovering")),
              "text '↻ recovering: every batch is checked'");
    const Scene after = lanes_at(timeline_, 1300);
    EXPECT_EQ(lines_with(after, QStringLiteral("records lost")),
              "text '9 records lost · torn tail of 70 bytes cut'");
    EXPECT_EQ(lines_with(after, QStringLiteral("promised")),
              "text 'p1 was promised everything below 30: 9 promised records are gone'");
    EXPECT_EQ(lines_with(after, QStringLiteral("torn")),
              "text '9 records lost · torn tail of 70 bytes cut'\ntext 'torn'");
}

TEST_F(SceneTest, LostCellsThatDoNotFitAreCounted) {
    const Timeline timeline = trace::timeline_of(trace::power_loss_story(60, 10));

    EXPECT_NE(lines_with(lanes_at(timeline, 3000, 600), QStringLiteral("… +")), "");
    EXPECT_EQ(lines_with(lanes_at(timeline_, 1300), QStringLiteral("… +")), "");
}

TEST_F(SceneTest, WhatWasLostLongAgoIsNotAlignedWithTheRow) {
    trace::Snapshot now = timeline_.after(timeline_.events().size());
    auto& log = now.replicas.edit().begin()->second.edit();
    const Offset first = log.lost.front().base;
    log.log_end = log.synced = log.high_watermark = Offset(900);
    log.recent.clear();

    const Scene scene = layout_lanes({now, QSizeF(800, 300), {}});

    EXPECT_EQ(first, Offset(21));
    EXPECT_EQ(lines_with(scene, QStringLiteral("lost 2")), "text 'lost 21–29'");
    EXPECT_NE(lines_with(scene, QStringLiteral("'29'")), "");
}

TEST_F(SceneTest, ALongTailIsShownByItsNewestBatches) {
    const Timeline timeline = trace::timeline_of(trace::power_loss_story(40, 10));
    const Scene scene = lanes_at(timeline, 1290);

    EXPECT_NE(lines_with(scene, QStringLiteral("a cell is a batch")), "");
    EXPECT_EQ(lines_with(scene, QStringLiteral("'27'")), "text '27'") << "the last one";
}

TEST_F(SceneTest, ALaneThatDoesNotFitIsLeftOut) {
    trace::Story story;
    for (const char* topic : {"ledger", "orders"}) {
        story.add(0,
                  trace::broker,
                  trace::kinds::LogOpened{topic, PartitionIndex(0), Offset(0), Offset(9)});
    }
    const trace::Snapshot now = trace::timeline_of(story.events()).after(2);

    const Scene both = layout_lanes({now, QSizeF(800, 400), {}});
    const Scene first = layout_lanes({now, QSizeF(800, 200), {}});
    const Scene second = layout_lanes({now, QSizeF(800, 200), {}, 1});

    EXPECT_FALSE(box_of(both, QStringLiteral("log:orders-0")).isEmpty());
    EXPECT_TRUE(box_of(first, QStringLiteral("log:orders-0")).isEmpty());
    EXPECT_NE(lines_with(first, QStringLiteral("the wheel")), "");
    EXPECT_FALSE(box_of(second, QStringLiteral("log:orders-0")).isEmpty());
    EXPECT_TRUE(box_of(second, QStringLiteral("log:ledger-0")).isEmpty());
}

TEST_F(SceneTest, LanesOfKafkasOwnTopicsComeLast) {
    trace::Story story;
    const PartitionIndex p{0};
    story.add(0,
              trace::broker,
              trace::kinds::LogOpened{"__cluster_metadata", p, Offset(0), Offset(9)});
    story.add(0, trace::broker, trace::kinds::LogOpened{"orders", p, Offset(0), Offset(5)});
    const Timeline timeline = trace::timeline_of(story.events());

    const auto logs = logs_in_order(timeline.after(2));

    ASSERT_EQ(logs.size(), 2U);
    EXPECT_EQ(logs[0]->name.topic, "orders");
}

TEST(SentenceTest, NamesNodesAndApis) {
    const auto events = trace::power_loss_story(1, 1);
    trace::Snapshot names;
    for (const trace::Event& event : events)
        trace::apply(names, event);
    const auto said = [&](std::size_t at) { return sentence(events[at], names).toStdString(); };

    EXPECT_EQ(said(0), "“One broker, one producer.”");
    EXPECT_EQ(said(8), "sends Produce request to b1, 100 bytes");
    EXPECT_EQ(said(10), "orders-0 appends 0 to 2");
    EXPECT_EQ(said(12), "orders-0 high watermark 3");
    trace::Story story;
    story.add(0, no_node, trace::kinds::LinkChanged{trace::broker, trace::producer, "cut"});
    EXPECT_EQ(sentence(story.events()[0], names).toStdString(), "link from b1 to p1 is cut");
    EXPECT_EQ(time_text(at_ms(1250)).toStdString(), "1.250 000");
}

template <std::size_t... at>
std::vector<trace::Event> one_of_each(std::index_sequence<at...>) {
    trace::Story story;
    (story.add(0, trace::broker, std::variant_alternative_t<at + 1, trace::AnyKind>{}), ...);
    return story.events();
}

TEST(SentenceTest, EveryKindHasOneOfItsOwn) {
    constexpr std::size_t kinds = std::variant_size_v<trace::AnyKind> - 1;
    for (const trace::Event& event : one_of_each(std::make_index_sequence<kinds>())) {
        const std::string kind = trace::kind_name(event.kind.value());
        const std::string text = sentence(event, {}).toStdString();
        EXPECT_EQ(text.find(kind + ' '), std::string::npos) << text;
        EXPECT_EQ(text.find('{'), std::string::npos) << text;
    }
}

TEST(TimeAxisTest, PixelsAndTimesAreInverse) {
    const TimeAxis axis(1600, at_ms(9'000));

    for (std::int64_t ms = 0; ms <= 9'000; ms += 500) {
        const Instant back = axis.time_at(axis.x_of(at_ms(ms)));
        EXPECT_LT(std::abs((back - at_ms(ms)).nanoseconds()), 1000) << ms;
    }
    EXPECT_EQ(axis.time_at(-50), Instant());
    EXPECT_EQ(axis.time_at(5000), at_ms(9'000));
}

// WCAG 2: relative luminance of linear light.
qreal luminance(const QColor& color) {
    const auto linear = [](qreal c) {
        return c <= 0.03928 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) +
           0.0722 * linear(color.blueF());
}

qreal contrast(const QColor& a, const QColor& b) {
    const qreal low = std::min(luminance(a), luminance(b));
    const qreal high = std::max(luminance(a), luminance(b));
    return (high + 0.05) / (low + 0.05);
}

TEST(ThemeTest, TextsAndMarksStandOut) {
    for (const QColor& text : {theme::ink, theme::secondary, theme::trouble}) {
        EXPECT_GE(contrast(text, theme::paper), 4.5) << text.name().toStdString();
        EXPECT_GE(contrast(text, theme::panel), 4.5) << text.name().toStdString();
    }
    EXPECT_GE(contrast(theme::ink, theme::halo), 4.5);
    EXPECT_GE(contrast(theme::ink, theme::consumed), 4.5);
    EXPECT_GE(contrast(theme::paper, theme::produce), 4.5) << "digits of committed records";
    for (const QColor& mark : {theme::produce, theme::consume, theme::cure, theme::outline}) {
        EXPECT_GE(contrast(mark, theme::paper), 3.0) << mark.name().toStdString();
    }
}

}  // namespace
}  // namespace glasslog::gui
