// Who gets a vote: the table of docs/raft.md, line by line.

#include "tests/core/raft/raft_lab.hpp"

#include <gtest/gtest.h>

namespace glasslog::raft::test {
namespace {

class VoteTest : public testing::Test {
protected:
    // Node 1 of three, with one record of epoch 2, in epoch 3.
    VoteTest() {
        options_.self = key_of(voter(1));
        opened_.quorum.epoch = LeaderEpoch(3);
        opened_.epochs.assign(LeaderEpoch(2), Offset(0));
        opened_.log_end = Offset(1);
        opened_.voters = {{no_offset, VoterSet({voter(1), voter(2), voter(3)}), 1}};
    }

    Raft booted() {
        Raft raft(options_, opened_);
        const Effects effects = raft.step(now_, Start{});
        EXPECT_TRUE(effects.append.empty());
        return raft;
    }

    static VoteRequest request(std::int32_t epoch, bool is_pre_vote = false) {
        return {LeaderEpoch(epoch),
                key_of(voter(2)),
                key_of(voter(1)),
                LeaderEpoch(2),
                Offset(1),
                is_pre_vote};
    }

    VoteResponse ask(Raft& raft, const VoteRequest& request) {
        last_ = raft.step(now_, Received{RequestToken(1), request});
        const auto& replies = last_.sync ? last_.reply_after_sync : last_.reply;
        EXPECT_EQ(replies.size(), 1U);
        return std::get<VoteResponse>(std::get<Response>(replies.at(0).answer));
    }

    Options options_;
    Opened opened_;
    Instant now_ = Instant::from_nanoseconds(1);
    Effects last_;
};

TEST_F(VoteTest, AVoteIsDurableBeforeItIsTold) {
    Raft raft = booted();

    EXPECT_TRUE(ask(raft, request(4)).is_granted);

    EXPECT_TRUE(last_.sync);
    EXPECT_EQ(last_.save, (QuorumState{LeaderEpoch(4), no_node, key_of(voter(2))}));
    EXPECT_TRUE(last_.reply.empty());
}

TEST_F(VoteTest, AVoteIsGivenOnceInAnEpochAndCanBeRepeated) {
    Raft raft = booted();
    ASSERT_TRUE(ask(raft, request(4)).is_granted);

    EXPECT_TRUE(ask(raft, request(4)).is_granted) << "the answer may have been lost";
    VoteRequest other = request(4);
    other.candidate = key_of(voter(3));
    EXPECT_FALSE(ask(raft, other).is_granted);
    VoteRequest other_disk = request(4);
    other_disk.candidate.directory = Uuid{9, 9};
    EXPECT_FALSE(ask(raft, other_disk).is_granted) << "the same id, another disk";
}

TEST_F(VoteTest, AShorterLogGetsNone) {
    Raft raft = booted();
    VoteRequest shorter = request(4);
    shorter.end = Offset(0);
    EXPECT_FALSE(ask(raft, shorter).is_granted);
    VoteRequest older = request(5);
    older.last_epoch = LeaderEpoch(1);
    older.end = Offset(100);
    EXPECT_FALSE(ask(raft, older).is_granted);
}

TEST_F(VoteTest, APreVoteChangesNothing) {
    Raft raft = booted();

    EXPECT_TRUE(ask(raft, request(3, true)).is_granted);

    EXPECT_FALSE(last_.save);
    EXPECT_EQ(raft.state().epoch, LeaderEpoch(3));
    EXPECT_EQ(raft.state().voted.id, no_node);
}

TEST_F(VoteTest, AFollowerThatHearsItsLeaderGrantsNoPreVote) {
    Raft raft = booted();
    const BeginQuorumEpochRequest begin{{LeaderEpoch(3), NodeId(3), {}}, key_of(voter(1))};
    Effects effects = raft.step(now_, Received{RequestToken(2), begin});
    ASSERT_EQ(raft.state().role, Role::follower);
    EXPECT_TRUE(ask(raft, request(3, true)).is_granted) << "it has not heard it yet";

    ASSERT_EQ(effects.send_after_sync.size(), 1U);
    FetchResponse fetched;
    fetched.view = {LeaderEpoch(3), NodeId(3), {}};
    effects = raft.step(now_, Answered{effects.send_after_sync[0].id, fetched});

    EXPECT_FALSE(ask(raft, request(3, true)).is_granted);
    EXPECT_FALSE(ask(raft, request(3)).is_granted) << "this epoch has its leader";
}

TEST_F(VoteTest, RequestsThatCannotBeAreRefusedWithTheirReason) {
    Raft raft = booted();
    const auto error_of = [&](auto change) {
        VoteRequest changed = request(4);
        change(changed);
        return ask(raft, changed).error;
    };

    EXPECT_EQ(error_of([](VoteRequest& one) { one.epoch = LeaderEpoch(2); }),
              WireError::invalid_request)
        << "a candidate's epoch is above its log's";
    EXPECT_EQ(error_of([](VoteRequest& one) { one.end = Offset(-1); }), WireError::invalid_request);
    EXPECT_EQ(error_of([](VoteRequest& one) {
                  one.epoch = LeaderEpoch(2);
                  one.last_epoch = LeaderEpoch(1);
              }),
              WireError::fenced_leader_epoch);
    EXPECT_EQ(error_of([](VoteRequest& one) { one.voter.id = NodeId(2); }),
              WireError::invalid_voter_key);
    EXPECT_EQ(error_of([](VoteRequest& one) {
                  one.voter.directory = Uuid{5, 5};
              }),
              WireError::invalid_voter_key);
    EXPECT_EQ(raft.state().epoch, LeaderEpoch(3)) << "nothing of it counts";
}

}  // namespace
}  // namespace glasslog::raft::test
