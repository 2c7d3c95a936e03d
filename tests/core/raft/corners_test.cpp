// Corners of the protocol that only a random run walks into; each was found by the direct depth of
// the simulator, and is one act here.

#include "tests/core/raft/raft_lab.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace glasslog::raft::test {
namespace {

// Node 1 of three with an empty log, in epoch 0.
class CornersTest : public testing::Test {
protected:
    CornersTest() {
        options_.self = key_of(voter(1));
        opened_.voters = {{no_offset, VoterSet({voter(1), voter(2), voter(3)}), 1}};
    }

    Effects step(Raft& raft, const Event& event) { return raft.step(now_, event); }

    // Its time comes.
    Effects tick(Raft& raft) {
        now_ = std::max(now_, raft.state().armed);
        return raft.step(now_, Tick{});
    }

    static bool sends_to(const std::vector<Send>& sends, NodeId node) {
        return std::ranges::any_of(sends, [&](const Send& one) { return one.to == node; });
    }

    static bool sends_to(const Effects& effects, NodeId node) {
        return sends_to(effects.send, node) || sends_to(effects.send_after_sync, node);
    }

    // A candidate of epoch 1 whose save is not done.
    void become_candidate(Raft& raft) {
        const Effects asked = tick(raft);
        ASSERT_EQ(raft.state().role, Role::prospective);
        const VoteResponse granted{WireError::none, {LeaderEpoch(0), no_node, {}}, true};
        const Effects won = step(raft, Answered{asked.send.at(0).id, granted});
        ASSERT_EQ(raft.state().role, Role::candidate);
        ASSERT_TRUE(won.save);
        asked_ = won.send_after_sync;
    }

    Options options_;
    Opened opened_;
    Instant now_ = Instant::from_nanoseconds(1);
    std::vector<Send> asked_;
};

// Bytes of a peer, whoever it is: an id that is none, an epoch that nothing can follow.
TEST_F(CornersTest, NobodyIsLedByOrVotesForWhoCannotBe) {
    const auto error_of = [&](Raft& raft, const Request& request) {
        const Effects done = step(raft, Received{RequestToken(7), request});
        const auto& response = std::get<Response>(done.reply.at(0).answer);
        return std::visit([](const auto& one) { return one.error; }, response);
    };
    Raft raft(options_, opened_);
    step(raft, Start{});
    const ReplicaKey self = key_of(voter(1));
    const ReplicaKey other = key_of(voter(2));
    const ReplicaKey ghost{NodeId(-5), {}};
    const LeaderEpoch beyond = epoch_max + 1;
    const auto vote = [&](LeaderEpoch epoch, const ReplicaKey& candidate) {
        return VoteRequest{epoch, candidate, self, {}, {}, false};
    };
    const View of_ghost{LeaderEpoch(50), NodeId(-7), {}};
    const View of_beyond{beyond, NodeId(2), {}};
    const WireError invalid = WireError::invalid_request;

    EXPECT_EQ(error_of(raft, vote(LeaderEpoch(50), ghost)), invalid);
    EXPECT_EQ(error_of(raft, vote(beyond, other)), invalid);
    for (const View& view : {of_ghost, of_beyond}) {
        EXPECT_EQ(error_of(raft, BeginQuorumEpochRequest{view, self}), invalid);
        EXPECT_EQ(error_of(raft, EndQuorumEpochRequest{view, {}}), invalid);
    }
    EXPECT_EQ(raft.state().epoch, LeaderEpoch(0));

    const Effects asked = tick(raft);
    step(raft, Answered{asked.send.at(0).id, VoteResponse{WireError::none, of_beyond, false}});
    EXPECT_EQ(raft.state().epoch, LeaderEpoch(0));
    step(raft, Answered{asked.send.at(1).id, VoteResponse{WireError::none, of_ghost, false}});
    EXPECT_EQ(raft.state().epoch, LeaderEpoch(50)) << "an epoch without a leader that we know";
    EXPECT_EQ(raft.state().leader, no_node);
}

// Version 0 of Vote and BeginQuorumEpoch has no voter.
TEST_F(CornersTest, ARequestThatNamesNoVoterMeansWhoeverGetsIt) {
    Raft raft(options_, opened_);
    step(raft, Start{});
    const VoteRequest request{LeaderEpoch(1), key_of(voter(2)), {no_node, {}}, {}, {}, false};

    step(raft, Received{RequestToken(1), request});

    EXPECT_EQ(raft.state().voted, key_of(voter(2)));
}

TEST_F(CornersTest, ANewVoterThatNobodyCanReachIsRefusedAtOnce) {
    opened_.voters = {{no_offset, VoterSet({voter(1)}), 1}};
    Raft raft(options_, opened_);
    step(raft, Start{});
    ASSERT_EQ(raft.state().role, Role::leader);
    AddVoterRequest request;
    request.voter = voter(2);
    request.voter.endpoints.clear();

    const Effects done = step(raft, Received{RequestToken(1), request});

    const auto& response = std::get<Response>(done.reply.at(0).answer);
    EXPECT_EQ(std::get<VoterChangeResponse>(response).error, WireError::invalid_request);
    EXPECT_FALSE(raft.state().leading.change);
}

TEST_F(CornersTest, AnObserverThatIsGoneIsForgotten) {
    opened_.voters = {{no_offset, VoterSet({voter(1)}), 1}};
    options_.limits.observers_max = 2;
    Raft raft(options_, opened_);
    step(raft, Start{});
    const auto fetch = [&](int id) {
        FetchRequest request;
        request.replica = key_of(voter(id));
        request.epoch = raft.state().epoch;
        step(raft, Received{RequestToken(static_cast<std::uint64_t>(id)), request});
        now_ = now_ + Duration::seconds(1);
    };
    const auto ids = [&] {
        std::vector<std::int32_t> known;
        for (const Progress& one : raft.state().leading.observers)
            known.push_back(one.key.id.value());
        return known;
    };

    for (const int id : {5, 6, 7})
        fetch(id);
    EXPECT_EQ(ids(), (std::vector{6, 7})) << "the one not heard for longest makes room";
    now_ = now_ + observer_session;
    fetch(8);
    EXPECT_EQ(ids(), std::vector{8});
}

TEST_F(CornersTest, ACandidateThatAsksAgainWaitsForTheDiskAgain) {
    Raft raft(options_, opened_);
    step(raft, Start{});
    become_candidate(raft);

    step(raft, Failed{asked_.at(0).id});
    const Effects again = tick(raft);

    EXPECT_TRUE(again.send.empty()) << "the vote for itself is not durable yet";
    EXPECT_TRUE(sends_to(again.send_after_sync, asked_.at(0).to));
    EXPECT_TRUE(again.sync);
}

TEST_F(CornersTest, AVoteThatIsToldTwiceWaitsForTheDiskTwice) {
    Raft raft(options_, opened_);
    step(raft, Start{});
    const VoteRequest request{LeaderEpoch(1), key_of(voter(2)), key_of(voter(1)), {}, {}, false};
    step(raft, Received{RequestToken(1), request});

    const Effects again = step(raft, Received{RequestToken(2), request});

    EXPECT_TRUE(again.reply.empty());
    EXPECT_EQ(again.reply_after_sync.size(), 1U);
    EXPECT_TRUE(again.sync);
}

TEST_F(CornersTest, AnObserverThatIsToldOfItsLeaderAnewAsksItAgain) {
    options_.self = key_of(voter(4));
    options_.can_vote = false;
    options_.bootstrap_server_count = 1;
    opened_.voters = {{no_offset, VoterSet(), 0}};
    Raft raft(options_, opened_);
    FetchResponse told;
    told.error = WireError::not_leader_or_follower;
    told.view = {LeaderEpoch(1), NodeId(2), {}};
    const Effects first = step(raft, Start{});
    ASSERT_TRUE(sends_to(first.send, NodeId(-2)));
    const Effects found = step(raft, Answered{first.send.at(0).id, told});
    ASSERT_TRUE(sends_to(found, NodeId(2)));
    Effects looks = tick(raft);
    while (!sends_to(looks.send, NodeId(-2)))
        looks = tick(raft);

    const Effects again = step(raft, Answered{looks.send.at(0).id, told});

    EXPECT_TRUE(sends_to(again, NodeId(2)));
    EXPECT_FALSE(raft.state().is_leader_gone);
}

TEST_F(CornersTest, ASnapshotThatIsBeingInstalledOutlivesItsLeader) {
    Raft raft(options_, opened_);
    const View view{LeaderEpoch(1), NodeId(2), {}};
    step(raft, Start{});
    step(raft, Received{RequestToken(1), BeginQuorumEpochRequest{view, key_of(voter(1))}});
    FetchResponse far;
    far.view = view;
    far.snapshot = SnapshotId{Offset(9), LeaderEpoch(1)};
    const RequestId fetch = raft.state().outstanding.at(0).id;
    const Effects asks = step(raft, Answered{fetch, far});
    const FetchSnapshotResponse bytes{WireError::none, view, *far.snapshot, 1, 0, 1};
    ASSERT_TRUE(step(raft, Answered{asks.send.at(0).id, bytes}).write_snapshot);

    const View next{LeaderEpoch(2), NodeId(3), {}};
    const Effects moves =
        step(raft, Received{RequestToken(2), BeginQuorumEpochRequest{next, key_of(voter(1))}});

    EXPECT_EQ(raft.state().leader, NodeId(3));
    EXPECT_TRUE(raft.state().fetching && raft.state().fetching->is_installing);
    EXPECT_TRUE(moves.send.empty() && moves.send_after_sync.empty())
        << "no record is fetched behind a log that will be replaced";
}

TEST_F(CornersTest, AVoterThatIsAloneShowsNothingBeforeItIsDurable) {
    opened_.voters = {{no_offset, VoterSet({voter(1)}), 0}};
    Raft raft(options_, opened_);
    const Effects leads = step(raft, Start{});
    ASSERT_EQ(leads.append.size(), 1U);
    FetchRequest fetch;
    fetch.epoch = LeaderEpoch(1);
    fetch.replica = key_of(voter(4));
    fetch.max_wait = Duration::seconds(1);

    const Effects early = step(raft, Received{RequestToken(1), fetch});
    const Effects durable = step(raft, Synced{Offset(1)});

    EXPECT_TRUE(early.reply_from_log.empty());
    ASSERT_EQ(durable.reply_from_log.size(), 1U);
    EXPECT_EQ(durable.reply_from_log[0].upto, Offset(1));
}

TEST_F(CornersTest, AControllerThatLooksForALeaderClaimsOnlyWhatIsDurable) {
    options_.self = key_of(voter(4));
    Raft raft(options_, opened_);
    step(raft, Start{});
    FetchResponse records;
    records.view = {LeaderEpoch(1), NodeId(2), {}};
    records.batches = {{Offset(0), Offset(1), LeaderEpoch(1), 7, {}, {}}};
    for (int i = 0; i < 2; ++i) {  // the first answer tells of the leader, the second is its own
        const auto& asked = raft.state().outstanding;
        ASSERT_FALSE(asked.empty());
        step(raft, Answered{asked.back().id, records});
    }
    ASSERT_EQ(raft.state().log_end, Offset(1));

    Effects looks = tick(raft);
    while (!raft.state().is_leader_gone)
        looks = tick(raft);

    for (const Send& one : looks.send)
        EXPECT_FALSE(std::holds_alternative<FetchRequest>(one.request)) << "record 0 is not synced";
}

TEST_F(CornersTest, OfTwoVotersTheLeaderLetsTheOtherRemoveIt) {
    RaftLab lab(2);
    lab.run(Duration::seconds(5));
    const std::int32_t leader = lab.leader();
    ASSERT_NE(leader, 0);

    const RequestToken token = lab.tell(leader, RemoveVoterRequest{key_of(voter(leader))});
    lab.run(Duration::seconds(5));

    EXPECT_EQ(lab.node(leader).changes[token].error, WireError::not_leader_or_follower);
    EXPECT_EQ(lab.leader(), 3 - leader);
}

TEST_F(CornersTest, AVoterThatIsSilentInALaterEpochEndsThisOne) {
    RaftLab lab(3);
    lab.run(Duration::seconds(5));
    const std::int32_t leader = lab.leader();
    const std::int32_t away = leader == 1 ? 2 : 1;
    const LeaderEpoch epoch = lab.state(leader).epoch;
    lab.crash(away);
    lab.node(away).saved = {epoch + 1, no_node, key_of(voter(away))};
    lab.propose(leader);
    lab.run(Duration::seconds(1));

    lab.restart(away);
    lab.run(Duration::seconds(10));

    ASSERT_NE(lab.leader(), 0);
    EXPECT_GT(lab.state(lab.leader()).epoch, epoch);
    EXPECT_EQ(lab.state(away).leader, NodeId(lab.leader()));
}

}  // namespace
}  // namespace glasslog::raft::test
