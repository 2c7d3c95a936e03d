// Small stories of the Raft machine, told with all messages in order. What disorder does is
// explored by the simulator's direct depth.

#include "tests/core/raft/raft_lab.hpp"

#include <gtest/gtest.h>

namespace glasslog::raft::test {
namespace {

const Duration long_enough = Duration::seconds(10);

TEST(RaftTest, AVoterThatIsAloneLeadsAtOnce) {
    RaftLab lab(1);

    EXPECT_EQ(lab.leader(), 1);
    EXPECT_EQ(lab.state(1).epoch, LeaderEpoch(1));
    // LeaderChange, KRaftVersion, Voters.
    EXPECT_EQ(lab.state(1).high_watermark, Offset(3));
    EXPECT_EQ(lab.node(1).saved, (QuorumState{LeaderEpoch(1), NodeId(1), key_of(voter(1))}));
}

TEST(RaftTest, ThreeVotersElectOneLeaderAndCommit) {
    RaftLab lab(3);
    lab.run(long_enough);
    ASSERT_NE(lab.leader(), 0);

    const Offset before = lab.state(lab.leader()).log_end;
    lab.propose(lab.leader(), 5);
    lab.run(Duration::milliseconds(600));

    for (const std::int32_t id : {1, 2, 3}) {
        EXPECT_EQ(lab.state(id).high_watermark, before + 5) << id;
        EXPECT_EQ(lab.node(id).log, lab.node(lab.leader()).log) << id;
    }
}

TEST(RaftTest, ALeaderThatDiesIsReplacedAndItsCommittedRecordsStay) {
    RaftLab lab(3);
    lab.run(long_enough);
    const std::int32_t first = lab.leader();
    lab.propose(first, 2);
    const Offset committed = lab.state(first).high_watermark;

    lab.crash(first);
    lab.run(long_enough);

    ASSERT_NE(lab.leader(), 0);
    EXPECT_GT(lab.state(lab.leader()).epoch, LeaderEpoch(1));
    EXPECT_GT(lab.state(lab.leader()).high_watermark, committed);
    lab.restart(first);
    lab.run(long_enough);
    EXPECT_EQ(lab.state(first).role, Role::follower);
    EXPECT_EQ(lab.node(first).log, lab.node(lab.leader()).log);
}

TEST(RaftTest, WhatALeaderWroteAloneIsCutWhenItReturns) {
    RaftLab lab(3);
    lab.run(long_enough);
    const std::int32_t old = lab.leader();
    lab.node(old).is_cut = true;
    lab.propose(old, 7);
    ASSERT_GT(lab.state(old).log_end, lab.state(old).high_watermark);

    lab.run(long_enough);
    EXPECT_NE(lab.state(old).role, Role::leader) << "it heard no majority";
    lab.node(old).is_cut = false;
    lab.run(long_enough);

    ASSERT_NE(lab.leader(), 0);
    for (const std::int32_t id : {1, 2, 3})
        EXPECT_EQ(lab.node(id).log, lab.node(lab.leader()).log) << id;
}

TEST(RaftTest, ANodeThatWasCutOffDisturbsNobody) {
    RaftLab lab(3);
    lab.run(long_enough);
    const std::int32_t leader = lab.leader();
    const LeaderEpoch epoch = lab.state(leader).epoch;
    const std::int32_t away = leader == 1 ? 2 : 1;

    lab.node(away).is_cut = true;
    lab.run(Duration::seconds(120));
    lab.node(away).is_cut = false;
    lab.run(long_enough);

    EXPECT_EQ(lab.leader(), leader);
    EXPECT_EQ(lab.state(leader).epoch, epoch);
    EXPECT_EQ(lab.state(away).leader, NodeId(leader));
}

TEST(RaftTest, FollowersThatAreRefusedElectAtOnce) {
    RaftLab lab(3);
    lab.run(long_enough);
    const std::int32_t first = lab.leader();
    lab.crash(first);
    for (const std::int32_t id : {1, 2, 3}) {
        if (id != first) lab.step(NodeId(id), Refused{NodeId(first)});
    }

    lab.run(Duration::milliseconds(60));

    EXPECT_NE(lab.leader(), 0);
    EXPECT_NE(lab.leader(), first);
}

TEST(RaftTest, OneRefusedFollowerDoesNotDeposeALivingLeader) {
    RaftLab lab(3);
    lab.run(long_enough);
    const std::int32_t leader = lab.leader();
    const std::int32_t mistaken = leader == 1 ? 2 : 1;
    const LeaderEpoch epoch = lab.state(leader).epoch;

    lab.step(NodeId(mistaken), Refused{NodeId(leader)});
    lab.run(long_enough);

    EXPECT_EQ(lab.leader(), leader);
    EXPECT_EQ(lab.state(leader).epoch, epoch);
}

TEST(RaftTest, AnOrderlyStopHandsOverWithinARoundTrip) {
    RaftLab lab(3);
    lab.run(long_enough);
    const std::int32_t first = lab.leader();
    const LeaderEpoch epoch = lab.state(first).epoch;

    lab.step(NodeId(first), Resign{});
    lab.deliver_all();
    lab.run(Duration::milliseconds(1));

    EXPECT_NE(lab.leader(), 0);
    EXPECT_NE(lab.leader(), first);
    EXPECT_EQ(lab.state(lab.leader()).epoch, epoch + 1);
}

TEST(RaftTest, ARestartedLeaderNeverLeadsItsOldEpochAgain) {
    RaftLab lab(3);
    lab.run(long_enough);
    const std::int32_t first = lab.leader();
    const LeaderEpoch epoch = lab.state(first).epoch;

    lab.crash(first);
    lab.restart(first);

    EXPECT_EQ(lab.state(first).role, Role::resigned);
    EXPECT_EQ(lab.state(first).epoch, epoch);
    lab.run(long_enough);
    EXPECT_GT(lab.state(lab.leader()).epoch, epoch);
}

TEST(RaftTest, AFollowerBelowTheLogFetchesTheSnapshot) {
    RaftLab lab(3);
    lab.run(long_enough);
    const std::int32_t leader = lab.leader();
    const std::int32_t away = leader == 1 ? 2 : 1;
    lab.crash(away);
    lab.propose(leader, 4);
    lab.run(Duration::milliseconds(600));
    const SnapshotId id{lab.state(leader).high_watermark, lab.state(leader).epoch};
    lab.step(NodeId(leader), SnapshotTaken{id});
    std::erase_if(lab.node(leader).log, [&](const Batch& one) { return one.end <= id.end; });

    lab.restart(away);
    lab.run(long_enough);
    lab.propose(leader, 1);
    lab.run(Duration::milliseconds(600));

    EXPECT_EQ(lab.node(away).snapshots, std::vector{id});
    EXPECT_EQ(lab.state(away).log_start, id.end);
    EXPECT_EQ(lab.state(away).log_end, id.end + 1);
    EXPECT_EQ(lab.state(away).high_watermark, id.end + 1);
}

TEST(RaftTest, AReadIsAnsweredOnlyByALeaderThatStillLeads) {
    RaftLab lab(3);
    lab.run(long_enough);
    const std::int32_t leader = lab.leader();
    const RequestToken fresh = lab.read(leader);
    lab.run(Duration::milliseconds(600));
    ASSERT_TRUE(lab.node(leader).reads.contains(fresh));
    EXPECT_EQ(lab.node(leader).reads[fresh].error, WireError::none);

    lab.node(leader).is_cut = true;
    const RequestToken stale = lab.read(leader);
    lab.run(long_enough);

    ASSERT_TRUE(lab.node(leader).reads.contains(stale));
    EXPECT_NE(lab.node(leader).reads[stale].error, WireError::none);
}

TEST(RaftTest, AnObserverThatCaughtUpBecomesAVoter) {
    RaftLab lab(3, 4);
    lab.run(long_enough);
    const std::int32_t leader = lab.leader();

    const RequestToken token =
        lab.tell(leader, AddVoterRequest{voter(4), Duration::seconds(5), true});
    lab.run(Duration::seconds(1));

    ASSERT_TRUE(lab.node(leader).changes.contains(token));
    EXPECT_EQ(lab.node(leader).changes[token].error, WireError::none);
    for (const std::int32_t id : {1, 2, 3, 4})
        EXPECT_EQ(lab.state(id).voters().size(), 4U) << id;
    EXPECT_TRUE(lab.state(4).is_voter());
}

TEST(RaftTest, ALeaderThatRemovesItselfLeavesWhenThatIsCommitted) {
    RaftLab lab(3);
    lab.run(long_enough);
    const std::int32_t first = lab.leader();

    const RequestToken token = lab.tell(first, RemoveVoterRequest{key_of(voter(first))});
    lab.run(long_enough);

    EXPECT_EQ(lab.node(first).changes[token].error, WireError::none);
    ASSERT_NE(lab.leader(), 0);
    EXPECT_NE(lab.leader(), first);
    EXPECT_EQ(lab.state(lab.leader()).voters().size(), 2U);
    EXPECT_EQ(role_name(lab.state(first)), "observer");
}

TEST(RaftTest, ChangesOfVotersAreRefusedWithTheirReason) {
    RaftLab lab(3, 4);
    lab.run(long_enough);
    const std::int32_t leader = lab.leader();
    const std::int32_t other = leader == 1 ? 2 : 1;
    const auto error_of = [&](std::int32_t at, Request request) {
        const RequestToken token = lab.tell(at, std::move(request));
        lab.run(Duration::milliseconds(100));
        return lab.node(at).changes[token].error;
    };

    EXPECT_EQ(error_of(other, RemoveVoterRequest{key_of(voter(3))}),
              WireError::not_leader_or_follower);
    EXPECT_EQ(error_of(leader, AddVoterRequest{voter(3), Duration::seconds(1), true}),
              WireError::duplicate_voter);
    EXPECT_EQ(error_of(leader, RemoveVoterRequest{{NodeId(9), Uuid{1, 1}}}),
              WireError::voter_not_found);
    lab.crash(4);
    EXPECT_EQ(error_of(leader, AddVoterRequest{voter(4), Duration::milliseconds(50), true}),
              WireError::request_timed_out);
}

}  // namespace
}  // namespace glasslog::raft::test
