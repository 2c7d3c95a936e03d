// One row for each node, out of what processes, probes and the quorum say.

#include "core/cli/up_status.hpp"

#include "core/cli/quorum_text.hpp"

#include <gmock/gmock.h>

namespace glasslog::cli {
namespace {

using client::QuorumReplica;
using client::QuorumView;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr NodeFacts answering{.pid = 100, .has_answered = true, .is_answering = true};

ClusterPlan three_nodes() {
    return *new_plan({.directory = "/c"});
}

QuorumReplica replica(std::int32_t id, std::int64_t end) {
    return {.id = NodeId(id), .directory_id = {}, .log_end = Offset(end)};
}

QuorumView view_of(std::int32_t leader, std::int32_t epoch) {
    return {.leader = NodeId(leader),
            .epoch = LeaderEpoch(epoch),
            .high_watermark = Offset(40),
            .voters = {replica(1, 42), replica(2, 40)},
            .observers = {replica(3, 39)},
            .endpoints = {}};
}

TEST(UpStatusTest, TheProcessAndItsAnswersAreTheState) {
    struct Case {
        NodeFacts facts;
        NodeState state;
    };

    const Case cases[] = {
        {{}, NodeState::down},
        {{.ending = "exited with 1"}, NodeState::down},
        {{.pid = 1}, NodeState::starting},
        {{.pid = 1, .has_answered = true, .is_answering = true}, NodeState::up},
        {{.pid = 1, .has_answered = true, .is_answering = false}, NodeState::silent},
        {{.pid = 1, .is_paused = true, .has_answered = true, .is_answering = true},
         NodeState::paused},
    };
    for (const Case& one : cases) {
        const ClusterRows rows =
            fold_rows(*new_plan({.directory = "/c", .nodes = 1}), {one.facts}, {});
        EXPECT_EQ(name(rows.nodes[0].state), name(one.state));
        EXPECT_EQ(rows.nodes[0].role, QuorumRole::unknown);
    }
}

TEST(UpStatusTest, TheLeaderSaysWhoIsWhat) {
    const ClusterRows rows =
        fold_rows(three_nodes(), {answering, answering, answering}, {view_of(1, 7)});

    EXPECT_EQ(rows.leader, NodeId(1));
    EXPECT_EQ(rows.epoch, LeaderEpoch(7));
    EXPECT_EQ(rows.high_watermark, Offset(40));
    EXPECT_EQ(rows.nodes[0].role, QuorumRole::leader);
    EXPECT_EQ(rows.nodes[1].role, QuorumRole::follower);
    EXPECT_EQ(rows.nodes[2].role, QuorumRole::observer);
    EXPECT_EQ(rows.nodes[2].log_end, Offset(39));
    EXPECT_TRUE(is_ready(rows));
}

TEST(UpStatusTest, OfTwoWhoLeadTheLaterIsRight) {
    const ClusterRows rows =
        fold_rows(three_nodes(), {answering, answering, answering}, {view_of(2, 8), view_of(1, 7)});

    EXPECT_EQ(rows.leader, NodeId(2));
    EXPECT_EQ(rows.nodes[0].role, QuorumRole::follower);
}

TEST(UpStatusTest, WhoIsDownOrPausedDoesNotLead) {
    const NodeFacts paused{.pid = 1, .is_paused = true, .has_answered = true};

    const ClusterRows rows =
        fold_rows(three_nodes(), {paused, NodeFacts{}, answering}, {view_of(1, 7)});

    EXPECT_EQ(rows.leader, no_node);
    EXPECT_EQ(rows.nodes[0].role, QuorumRole::unknown);
    EXPECT_EQ(rows.nodes[1].role, QuorumRole::unknown);
    EXPECT_EQ(rows.nodes[1].log_end, Offset(40));
    EXPECT_FALSE(is_ready(rows));
}

TEST(UpStatusTest, ReadyIsEveryNodeAndALeader) {
    const NodeFacts starting{.pid = 1};

    EXPECT_FALSE(is_ready(fold_rows(three_nodes(), {answering, answering, answering}, {})));
    EXPECT_FALSE(
        is_ready(fold_rows(three_nodes(), {answering, answering, starting}, {view_of(1, 7)})));
}

TEST(UpStatusTest, TheTableHasARowForEachNode) {
    const NodeFacts dead{.ending = "killed by signal 9 (Killed)"};

    const auto lines =
        table(fold_rows(three_nodes(), {answering, dead, answering}, {view_of(1, 7)}));

    EXPECT_THAT(lines,
                ElementsAre("NODE      PID  ROLES              STATE     QUORUM     LOG END",
                            "   1      100  broker,controller  up        leader          42",
                            "   2        -  broker,controller  down      -               40  "
                            "killed by signal 9 (Killed)",
                            "   3      100  broker,controller  up        observer        39",
                            "leader 1, epoch 7, high watermark 40"));
}

TEST(UpStatusTest, GrowingOffsetsAreNoNews) {
    QuorumView later = view_of(1, 7);
    later.high_watermark = Offset(50);
    later.voters[0].log_end = Offset(52);
    const std::vector<NodeFacts> facts{answering, answering, answering};

    const ClusterRows before = fold_rows(three_nodes(), facts, {view_of(1, 7)});
    const ClusterRows after = fold_rows(three_nodes(), facts, {later});

    EXPECT_THAT(news(before, after), IsEmpty());
    EXPECT_THAT(news_objects(before, after), IsEmpty());
}

TEST(UpStatusTest, WhatChangesIsOneLineEach) {
    const ClusterRows nothing;
    const ClusterRows up =
        fold_rows(three_nodes(), {answering, answering, answering}, {view_of(1, 7)});
    const NodeFacts dead{.ending = "killed by signal 9 (Killed): last words"};
    const ClusterRows without_leader = fold_rows(three_nodes(), {dead, answering, answering}, {});
    const ClusterRows again =
        fold_rows(three_nodes(), {dead, answering, answering}, {view_of(2, 8)});

    EXPECT_THAT(news(nothing, up),
                ElementsAre("node 1: up, pid 100, leader",
                            "node 2: up, pid 100, follower",
                            "node 3: up, pid 100, observer",
                            "quorum: node 1 leads epoch 7"));
    EXPECT_THAT(
        news(up, without_leader),
        ElementsAre("node 1: down, killed by signal 9 (Killed): last words", "quorum: no leader"));
    EXPECT_THAT(news(without_leader, again),
                ElementsAre("node 2: up, pid 100, leader",
                            "node 3: up, pid 100, observer",
                            "quorum: node 2 leads epoch 8"));
}

TEST(UpStatusTest, TheSameAsObjects) {
    const ClusterPlan one = *new_plan({.directory = "/c", .nodes = 1});
    const ClusterRows up = fold_rows(one, {answering}, {view_of(1, 7)});
    const ClusterRows down = fold_rows(one, {{.ending = "exited with 3"}}, {});

    std::vector<std::string> lines;
    for (const Json& json : news_objects({}, up))
        lines.push_back(to_line(json));
    for (const Json& json : news_objects(up, down))
        lines.push_back(to_line(json));

    EXPECT_THAT(
        lines,
        ElementsAre(
            R"({"event":"node","node":1,"pid":100,"roles":"broker,controller","state":"up",)"
            R"("quorum":"leader","log_end":42})",
            R"({"event":"quorum","leader":1,"epoch":7,"high_watermark":40})",
            R"({"event":"node","node":1,"pid":null,"roles":"broker,controller","state":"down",)"
            R"("quorum":null,"log_end":null,"ending":"exited with 3"})",
            R"({"event":"quorum","leader":null,"epoch":null,"high_watermark":null})"));
    EXPECT_EQ(json_of(up)["nodes"].size(), 1u);
    EXPECT_EQ(json_of(up)["leader"], 1);
}

TEST(UpStatusTest, EpochsWithoutALeaderAreNoNews) {
    ClusterRows before;
    before.epoch = LeaderEpoch(7);
    ClusterRows after = before;
    after.epoch = LeaderEpoch(9);
    EXPECT_THAT(news(before, after), IsEmpty());

    after.leader = NodeId(2);
    EXPECT_THAT(news(before, after), ElementsAre("quorum: node 2 leads epoch 9"));
    before.leader = NodeId(2);
    EXPECT_THAT(news(before, after), ElementsAre("quorum: node 2 leads epoch 9"));
}

// --- glasslog quorum describe -------------------------------------------------------------------

QuorumView timed_view() {
    QuorumView view = view_of(1, 7);
    view.voters[0].last_fetch = WallTime::from_milliseconds(2000);
    view.voters[0].last_caught_up = WallTime::from_milliseconds(2000);
    view.voters[1].last_fetch = WallTime::from_milliseconds(1900);
    view.voters[1].last_caught_up = WallTime::from_milliseconds(1800);
    view.voters[1].directory_id = Uuid{1, 2};
    view.endpoints[NodeId(2)] = {{.name = "CONTROLLER", .host = "127.0.0.1", .port = 10093}};
    return view;
}

TEST(QuorumTextTest, StatusIsInKafkasWords) {
    EXPECT_THAT(status_text(timed_view(), "a-cluster"),
                ElementsAre("ClusterId:              a-cluster",
                            "LeaderId:               1",
                            "LeaderEpoch:            7",
                            "HighWatermark:          40",
                            "MaxFollowerLag:         2",
                            "MaxFollowerLagTimeMs:   200",
                            "CurrentVoters:          [{\"id\":1},{\"id\":2,\"directoryId\":"
                            "\"AAAAAAAAAAEAAAAAAAAAAg\",\"endpoints\":"
                            "[\"CONTROLLER://127.0.0.1:10093\"]}]",
                            "CurrentObservers:       [{\"id\":3}]"));
}

TEST(QuorumTextTest, ReplicationIsATable) {
    EXPECT_THAT(
        replication_text(timed_view(), TimeForm::timestamps),
        ElementsAre("NodeId  DirectoryId             LogEndOffset  Lag  LastFetchTimestamp  "
                    "LastCaughtUpTimestamp  Status",
                    "1       AAAAAAAAAAAAAAAAAAAAAA  42            0    2000                "
                    "2000                   Leader",
                    "2       AAAAAAAAAAEAAAAAAAAAAg  40            2    1900                "
                    "1800                   Follower",
                    "3       AAAAAAAAAAAAAAAAAAAAAA  39            3    -1                  "
                    "-1                     Observer"));
    EXPECT_THAT(replication_text(timed_view(), TimeForm::readable)[2],
                testing::HasSubstr("100 ms ago"));
}

TEST(QuorumTextTest, TheSlowestVoterIsTheLag) {
    QuorumView view = timed_view();
    EXPECT_EQ(follower_lag(view), (FollowerLag{.records = 2, .time_ms = 200}));

    view.voters[1].last_caught_up.reset();
    EXPECT_EQ(follower_lag(view), (FollowerLag{.records = 2, .time_ms = -1}));

    view.voters.pop_back();
    EXPECT_EQ(follower_lag(view), (FollowerLag{.records = 0, .time_ms = 0}));

    view.leader = no_node;
    EXPECT_EQ(follower_lag(view), (FollowerLag{.records = -1, .time_ms = -1}));
}

}  // namespace
}  // namespace glasslog::cli
