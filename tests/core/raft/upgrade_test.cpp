// kraft.version 0 to 1 in a running quorum (core/raft/upgrade.cpp).

#include "tests/core/raft/raft_lab.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace glasslog::raft::test {
namespace {

class UpgradeTest : public testing::Test {
protected:
    UpgradeTest() { lab_.run(Duration::seconds(10)); }

    std::int32_t leader() {
        const std::int32_t id = lab_.leader();
        EXPECT_NE(id, 0);
        return id;
    }

    std::int32_t other(std::int32_t than) { return than % 3 + 1; }

    const Batch& last_batch(std::int32_t id) { return lab_.node(id).log.back(); }

    RaftLab lab_ = RaftLab::with_static_voters(3);
    const UpgradeReply raised_{.is_written = true};
};

TEST_F(UpgradeTest, WritesLevelAndVotersInOneBatch) {
    const std::int32_t id = leader();
    const Offset before = lab_.state(id).log_end;

    EXPECT_EQ(lab_.upgrade(id, 1), raised_);

    const Batch& written = last_batch(id);
    EXPECT_EQ(written.base, before);
    EXPECT_EQ(written.end, before + 2);
    EXPECT_EQ(written.kraft_version, 1);
    EXPECT_EQ(written.voters, VoterSet({voter(1), voter(2), voter(3)}));
    lab_.run(Duration::seconds(1));
    for (std::int32_t node = 1; node <= 3; ++node) {
        EXPECT_EQ(lab_.state(node).kraft_version(), 1);
        EXPECT_EQ(lab_.state(node).voters(), *written.voters);
        EXPECT_EQ(lab_.state(node).voter_history.back().offset, before + 1);
        EXPECT_TRUE(lab_.state(node).is_voter());
    }
}

TEST_F(UpgradeTest, LetsVotersChangeAfterwards) {
    const std::int32_t id = leader();
    const RemoveVoterRequest removal{key_of(voter(other(id)))};
    const auto early = lab_.tell(id, removal);
    EXPECT_EQ(lab_.node(id).changes.at(early).error, WireError::unsupported_version);

    EXPECT_EQ(lab_.upgrade(id, 1), raised_);
    const auto removed = lab_.tell(id, removal);

    EXPECT_EQ(lab_.node(id).changes.at(removed).error, WireError::none);
    EXPECT_EQ(lab_.state(id).voters().size(), 2U);
}

TEST_F(UpgradeTest, SurvivesALaterStartAndLeader) {
    const std::int32_t id = leader();
    EXPECT_EQ(lab_.upgrade(id, 1), raised_);
    lab_.run(Duration::seconds(1));

    lab_.crash(id);
    lab_.run(Duration::seconds(10));
    lab_.restart(id);
    lab_.run(Duration::seconds(10));

    EXPECT_NE(leader(), 0);
    EXPECT_EQ(lab_.state(id).kraft_version(), 1);
    EXPECT_TRUE(lab_.state(id).is_voter());
}

TEST_F(UpgradeTest, ChecksWithoutWriting) {
    const std::int32_t id = leader();
    const Offset before = lab_.state(id).log_end;

    EXPECT_EQ(lab_.upgrade(id, 1, true), UpgradeReply{});

    EXPECT_EQ(lab_.state(id).log_end, before);
    EXPECT_EQ(lab_.state(id).kraft_version(), 0);
}

TEST_F(UpgradeTest, RefusesWhatCannotBe) {
    const std::int32_t id = leader();
    const UpgradeReply not_leader{WireError::not_leader_or_follower};
    const UpgradeReply lower{WireError::invalid_update_version};
    EXPECT_EQ(lab_.upgrade(other(id), 1), not_leader);
    EXPECT_EQ(lab_.upgrade(id, 2).lack, VoterLack::too_old);
    EXPECT_EQ(lab_.upgrade(id, 0), UpgradeReply{});
    EXPECT_EQ(lab_.upgrade(id, 1), raised_);
    lab_.run(Duration::seconds(1));
    EXPECT_EQ(lab_.upgrade(id, 1), UpgradeReply{});
    EXPECT_EQ(lab_.upgrade(id, 0), lower);
}

// A voter that this leader never heard is not written: nobody knows its disk.
TEST_F(UpgradeTest, WaitsForEachVoterToBeKnown) {
    const std::int32_t silent = other(leader());
    lab_.crash(silent);
    lab_.node(leader()).is_cut = true;
    lab_.run(Duration::seconds(1));
    for (std::int32_t id = 1; id <= 3; ++id)
        lab_.node(id).is_cut = false;
    lab_.step(NodeId(leader()), Resign{});
    lab_.run(Duration::seconds(10));
    const std::int32_t id = leader();
    const UpgradeReply unheard{WireError::invalid_update_version,
                               NodeId(silent),
                               VoterLack::does_not_fetch};
    EXPECT_EQ(lab_.upgrade(id, 1), unheard);

    lab_.restart(silent);
    lab_.run(Duration::seconds(10));

    EXPECT_EQ(lab_.upgrade(leader(), 1), raised_);
}

// In force when it is appended; another leader that does not have it takes it back.
TEST_F(UpgradeTest, IsTakenBackWithItsRecord) {
    const std::int32_t id = leader();
    lab_.node(id).is_cut = true;
    EXPECT_EQ(lab_.upgrade(id, 1).error, WireError::network_exception);  // no answer yet
    EXPECT_EQ(lab_.state(id).kraft_version(), 1);
    lab_.run(Duration::seconds(10));

    ASSERT_EQ(lab_.node(id).upgrades.size(), 1U);
    const UpgradeReply lost{.error = WireError::not_leader_or_follower, .is_written = true};
    EXPECT_EQ(lab_.node(id).upgrades.begin()->second, lost);
    lab_.node(id).is_cut = false;
    lab_.run(Duration::seconds(10));

    EXPECT_EQ(lab_.state(id).kraft_version(), 0);
    EXPECT_EQ(lab_.upgrade(leader(), 1), raised_);
}

// Under a static quorum a voter is whoever has its id. What it held counts no more until the disk
// that is written has said so itself.
TEST_F(UpgradeTest, ForgetsWhatUnknownDisksHeld) {
    const std::int32_t id = leader();
    lab_.node(other(id)).is_cut = true;
    lab_.node(other(other(id))).is_cut = true;

    lab_.upgrade(id, 1);

    const Leading& leading = lab_.state(id).leading;
    ASSERT_EQ(leading.voters.size(), 2U);
    for (const Progress& one : leading.voters)
        EXPECT_EQ(one.end, no_offset);
    EXPECT_TRUE(leading.observers.empty()) << "who voted without a disk is no observer";
}

// A voter that comes back under the same leader, elsewhere perhaps, says so again.
TEST_F(UpgradeTest, IsToldAnewByAVoterThatStartsAgain) {
    const std::int32_t id = leader();
    const std::int32_t again = other(id);
    lab_.crash(again);
    lab_.restart(again);

    lab_.run(Duration::seconds(1));

    EXPECT_EQ(leader(), id);
    EXPECT_TRUE(lab_.state(again).is_introduced);
}

// What is lost on the way is said again.
TEST_F(UpgradeTest, IsToldAgainWhenNothingWasHeard) {
    const std::int32_t id = leader();
    const std::int32_t silent = other(id);
    lab_.crash(silent);
    lab_.restart(silent);
    lab_.node(silent).is_cut = true;
    lab_.run(Duration::milliseconds(500));
    lab_.node(silent).is_cut = false;

    lab_.run(Duration::seconds(20));

    EXPECT_TRUE(lab_.state(silent).is_introduced || lab_.leader() == silent);
}

// Who does not fetch may have lost its disk, and with it the vote that would be written.
TEST_F(UpgradeTest, WaitsForEachVoterToFetch) {
    const std::int32_t id = leader();
    const std::int32_t away = other(id);
    lab_.crash(away);
    lab_.run(Duration::seconds(3));
    ASSERT_EQ(leader(), id);
    const UpgradeReply unheard{WireError::invalid_update_version,
                               NodeId(away),
                               VoterLack::does_not_fetch};

    EXPECT_EQ(lab_.upgrade(id, 1), unheard);
}

// Another disk than the one that was told fetches in the name of the same voter.
TEST_F(UpgradeTest, ForgetsAVoterWhoseDiskIsAnother) {
    const std::int32_t id = leader();
    const std::int32_t changed = other(id);
    FetchRequest fetch;
    fetch.epoch = lab_.state(id).epoch;
    fetch.replica = {NodeId(changed), Uuid{8, 8}};
    lab_.tell(id, fetch);
    const UpgradeReply unknown{WireError::invalid_update_version,
                               NodeId(changed),
                               VoterLack::unknown};

    EXPECT_EQ(lab_.upgrade(id, 1), unknown);
}

// The disk of a voter is replaced under the leader that wrote it: removed, and added as another.
TEST_F(UpgradeTest, LetsADiskBeReplacedUnderTheSameLeader) {
    const std::int32_t id = leader();
    EXPECT_EQ(lab_.upgrade(id, 1), raised_);
    const std::int32_t replaced = other(id);
    lab_.node(replaced).is_cut = true;
    lab_.run(Duration::milliseconds(100));
    lab_.tell(id, RemoveVoterRequest{key_of(voter(replaced))});
    lab_.run(Duration::milliseconds(500));
    FetchRequest fetch;
    fetch.epoch = lab_.state(id).epoch;
    fetch.replica = {NodeId(replaced), Uuid{8, 8}};
    fetch.offset = lab_.state(id).log_end;
    fetch.last_fetched_epoch = lab_.state(id).last_epoch();
    lab_.tell(id, fetch);

    const auto& observers = lab_.state(id).leading.observers;
    const auto at = std::find_if(observers.begin(), observers.end(), [&](const Progress& one) {
        return one.key == fetch.replica;
    });

    ASSERT_NE(at, observers.end());
    EXPECT_TRUE(at->has_caught_up);
}

// While a quorum has voters in its log, a voter that missed that asks by ids alone. A disk that
// came new to such an id since knows nothing of what the old one promised.
TEST(VoteByIdAloneTest, IsNotGivenByANodeThatWasToldNoVoters) {
    Options options;
    options.self = key_of(voter(2));
    Opened opened;
    opened.voters = {{no_offset, VoterSet(), 0}};
    Raft raft(options, opened);
    EXPECT_TRUE(raft.step(Instant(), Start{}).send.empty());
    VoteRequest request;
    request.epoch = LeaderEpoch(3);
    request.candidate = key_of(voter(1));
    request.voter = {NodeId(2), Uuid{}};
    const auto ask = [&](std::uint64_t token) {
        Effects effects = raft.step(Instant(), Received{RequestToken(token), request});
        auto& replies = effects.sync ? effects.reply_after_sync : effects.reply;
        return std::get<VoteResponse>(std::get<Response>(replies.at(0).answer));
    };

    EXPECT_EQ(ask(1).error, WireError::invalid_voter_key);
    EXPECT_EQ(raft.state().epoch, LeaderEpoch(0));
    request.voter = key_of(voter(2));
    EXPECT_TRUE(ask(2).is_granted);
}

}  // namespace
}  // namespace glasslog::raft::test
