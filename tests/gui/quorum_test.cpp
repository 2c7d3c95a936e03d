#include "gui/scene/map_layout.hpp"
#include "gui/scene/quorum_layout.hpp"
#include "tests/core/trace/sample.hpp"
#include "tests/gui/describe.hpp"

#include <gtest/gtest.h>

namespace glasslog::gui {
namespace {

using trace::kinds::QuorumRoleChanged;
using trace::kinds::QuorumVoteAnswered;

constexpr NodeId c1{1};
constexpr NodeId c2{2};
constexpr NodeId c3{3};

Instant at_ms(std::int64_t ms) {
    return Instant::from_nanoseconds(ms * 1'000'000);
}

// Three controllers; c1 leads epoch 1 from 100 ms on, crashes at 500, and c2 leads epoch 2 from 600
// on. Records 0..2 are of epoch 1, 3 is of epoch 2 and known to nobody as committed.
class QuorumTest : public ::testing::Test {
protected:
    QuorumTest() {
        for (const NodeId id : {c1, c2, c3}) {
            const std::string name = "c" + std::to_string(id.value());
            story_.add(0, id, trace::kinds::NodeStarted{name, "controller", 1});
            story_.add(0, id, QuorumRoleChanged{"unattached", LeaderEpoch(0), no_node, no_node});
        }
        story_.add(90, c1, QuorumRoleChanged{"candidate", LeaderEpoch(1), no_node, c1});
        for (const NodeId id : {c2, c3})
            story_.add(95, id, QuorumRoleChanged{"voted", LeaderEpoch(1), no_node, c1});
        story_.add(100, c1, QuorumRoleChanged{"leader", LeaderEpoch(1), c1, c1});
        for (const NodeId id : {c2, c3})
            story_.add(110, id, QuorumRoleChanged{"follower", LeaderEpoch(1), c1, c1});
        for (const NodeId id : {c1, c2, c3}) {
            append(120, id, 0, LeaderEpoch(1));
            story_.add(130, id, trace::kinds::QuorumCommitted{Offset(3)});
        }
        story_.add(500, c1, trace::kinds::NodeCrashed{"process"});
        story_.add(580, c3, QuorumVoteAnswered{c2, LeaderEpoch(1), true, true});
        story_.add(590, c2, QuorumRoleChanged{"candidate", LeaderEpoch(2), no_node, c2});
        story_.add(595, c3, QuorumRoleChanged{"voted", LeaderEpoch(2), no_node, c2});
        story_.add(600, c2, QuorumRoleChanged{"leader", LeaderEpoch(2), c2, c2});
        append(610, c2, 3, LeaderEpoch(2));
    }

    void append(std::int64_t ms, NodeId id, std::int64_t base, LeaderEpoch epoch) {
        const bool is_first = base == 0;
        story_.add(ms,
                   id,
                   trace::kinds::BatchAppended{.topic = "__cluster_metadata",
                                               .partition = PartitionIndex(0),
                                               .base = Offset(base),
                                               .last = Offset(is_first ? 2 : base),
                                               .leader_epoch = epoch,
                                               .bytes = 100,
                                               .records = is_first ? 3 : 1,
                                               .is_control = !is_first});
    }

    Scene at(std::int64_t ms) const {
        const auto timeline = trace::timeline_of(story_.events());
        const trace::Snapshot now = timeline.after(timeline.count_at(at_ms(ms)));
        const trace::Snapshot all = timeline.after(timeline.events().size());
        return layout_quorum({now, all, at_ms(ms), QSizeF(800, 276), {}});
    }

    trace::Story story_;
};

std::string lines_with(const Scene& scene, const QString& what) {
    QStringList lines;
    for (const QString& line : describe(scene).split(QLatin1Char('\n'))) {
        if (line.contains(what)) lines += line;
    }
    return lines.join(QLatin1Char('\n')).toStdString();
}

// The triangles at the ends of votes: how many, and how high the highest stands.
std::vector<QPointF> tips(const Scene& scene) {
    std::vector<QPointF> found;
    for (const Drawable& drawable : scene.drawables()) {
        if (drawable.shape == Shape::polygon && drawable.points.size() == 3)
            found.push_back(drawable.points.front());
    }
    return found;
}

TEST_F(QuorumTest, SaysWhoLeadsInWhichEpoch) {
    EXPECT_EQ(lines_with(at(1), "Epoch"),
              "text 'Epoch 0 · nobody leads · committed below 0 · 3 of 3 voters run'");
    EXPECT_EQ(lines_with(at(200), "Epoch"),
              "text 'Epoch 1 · c1 leads · committed below 3 · 3 of 3 voters run'");
    EXPECT_EQ(lines_with(at(500), "Epoch"),
              "text 'Epoch 1 · nobody leads · committed below 3 · 2 of 3 voters run'");
    EXPECT_EQ(lines_with(at(600), "Epoch"),
              "text 'Epoch 2 · c2 leads · committed below 3 · 2 of 3 voters run'");
}

TEST_F(QuorumTest, CountsTheVotersThatTheLeaderKnows) {
    story_.add(130, c1, trace::kinds::QuorumVotersChanged{Offset(-1), "1,2,3"});
    story_.add(700, c2, trace::kinds::QuorumVotersChanged{Offset(4), "2,3"});

    EXPECT_EQ(lines_with(at(600), "voters run"),
              "text 'Epoch 2 · c2 leads · committed below 3 · 2 of 3 voters run'");
    EXPECT_EQ(lines_with(at(700), "voters run"),
              "text 'Epoch 2 · c2 leads · committed below 3 · 2 of 2 voters run'");
    story_.add(790, c1, trace::kinds::NodeStarted{"c1", "controller", 1});
    story_.add(800, c1, QuorumRoleChanged{"observer", LeaderEpoch(2), c2, no_node});
    EXPECT_EQ(lines_with(at(800), "no voter"), "text 'epoch 2 · is no voter'");
}

TEST_F(QuorumTest, TheEpochStaysWhenNobodyRuns) {
    for (const NodeId id : {c2, c3})
        story_.add(700, id, trace::kinds::NodeStopped{});

    EXPECT_EQ(lines_with(at(700), "Epoch"),
              "text 'Epoch 2 · nobody leads · committed below 3 · 0 of 3 voters run: "
              "no majority of 2'");
}

TEST_F(QuorumTest, SaysWhatEachVoterIs) {
    const Scene voting = at(95);
    EXPECT_EQ(lines_with(voting, "candidate"), "text 'candidate, asks for votes'");
    EXPECT_EQ(lines_with(voting, "waits"),
              "text 'waits for the result'\ntext 'waits for the result'");
    const Scene after = at(600);
    EXPECT_EQ(lines_with(after, "crashed"), "text '✕ crashed'");
    EXPECT_EQ(lines_with(after, "leader"), "text '★ leader'");
    EXPECT_EQ(lines_with(after, "node:1"), "polygon node:1 filled dashed");
    EXPECT_EQ(lines_with(after, "voted for"),
              "text 'epoch 2 · voted for itself'\ntext 'epoch 2 · voted for c2'");
}

TEST_F(QuorumTest, AVoteIsAnArrowToTheCandidate) {
    EXPECT_TRUE(tips(at(1)).empty());
    const Scene scene = at(200);

    const auto found = tips(scene);

    ASSERT_EQ(found.size(), 2U) << "of c2 and c3; c1 voted for itself";
    const QRectF candidate = box_of(scene, "node:1");
    for (const QPointF tip : found)
        EXPECT_TRUE(tip.y() > candidate.top() && tip.y() < candidate.bottom());
}

TEST_F(QuorumTest, APreVoteIsShownForAWhile) {
    EXPECT_EQ(tips(at(585)).size(), 3U) << "two votes of the last epoch, and the pre-vote";
    EXPECT_EQ(tips(at(1'300)).size(), 1U) << "of c3, in epoch 2";
}

TEST_F(QuorumTest, ARefusalIsCrossed) {
    story_.add(700, c3, QuorumVoteAnswered{c1, LeaderEpoch(2), true, false});

    EXPECT_NE(lines_with(at(700), "refused"), "");
    EXPECT_EQ(lines_with(at(600), "refused"), "");
}

TEST_F(QuorumTest, CellsOfOneOffsetStandInOneColumn) {
    const Scene scene = at(610);
    std::vector<qreal> columns;
    for (const Drawable& drawable : scene.drawables()) {
        if (drawable.text == "2") columns.push_back(drawable.box.left());
    }

    ASSERT_EQ(columns.size(), 3U);
    EXPECT_EQ(columns[0], columns[1]);
    EXPECT_EQ(columns[1], columns[2]);
}

TEST_F(QuorumTest, WhatIsNotCommittedIsHatched) {
    const Scene scene = at(610);

    const std::string cells = lines_with(scene, "rectangle batch:");

    EXPECT_EQ(std::count(cells.begin(), cells.end(), '\n'), 9) << cells;
    EXPECT_NE(cells.find("hatched dashed"), std::string::npos) << "offset 3, of c2 alone";
    EXPECT_EQ(lines_with(scene, "'◆'"), "text '◆'");
}

TEST_F(QuorumTest, EpochsAreNamedWhereTheyBegin) {
    const Scene scene = at(610);

    EXPECT_EQ(lines_with(scene, "'epoch 1'"), "text 'epoch 1'\ntext 'epoch 1'")
        << "the ruler, and the legend";
    EXPECT_EQ(lines_with(scene, "'epoch 2'"), "text 'epoch 2'\ntext 'epoch 2'");
}

TEST_F(QuorumTest, WhatIsCutOffStaysVisible) {
    append(620, c3, 3, LeaderEpoch(1));
    story_.add(630,
               c3,
               trace::kinds::LogTruncated{.topic = "__cluster_metadata",
                                          .partition = PartitionIndex(0),
                                          .to = Offset(3)});

    EXPECT_NE(lines_with(at(630), "cut off"), "");
    EXPECT_EQ(lines_with(at(620), "cut off"), "");
}

TEST_F(QuorumTest, RowsDoNotDependOnTime) {
    EXPECT_EQ(box_of(at(1), "node:1"), box_of(at(600), "node:1"));
}

TEST_F(QuorumTest, OneAloneIsNoQuorum) {
    trace::Story alone;
    alone.add(0, c1, trace::kinds::NodeStarted{"b1", "broker", 1});
    alone.add(0, c1, QuorumRoleChanged{"leader", LeaderEpoch(1), c1, c1});

    EXPECT_FALSE(has_quorum(trace::timeline_of(alone.events()).after(2)));
    EXPECT_TRUE(has_quorum(trace::timeline_of(story_.events()).after(6)));
}

TEST_F(QuorumTest, ControllersStandAboveBrokersOnTheMap) {
    story_.add(700, NodeId(9), trace::kinds::NodeStarted{"b9", "broker", 1});
    const auto timeline = trace::timeline_of(story_.events());
    const trace::Snapshot all = timeline.after(timeline.events().size());

    const Scene scene = layout_map({all, all, at_ms(700), QSizeF(700, 760), {}});

    EXPECT_LT(box_of(scene, "node:2").bottom(), box_of(scene, "node:9").top());
    EXPECT_EQ(box_of(scene, "node:1").top(), box_of(scene, "node:3").top());
    EXPECT_EQ(lines_with(scene, "Controllers"), "text 'Controllers'");
}

}  // namespace
}  // namespace glasslog::gui
