// The driver of a quorum node, on simulated disks and networks: that what the machine wants is done
// in order and survives what nodes, disks and links do.

#include "core/base/random.hpp"
#include "core/protocol/record_batch.hpp"
#include "core/trace/event.hpp"
#include "core/trace/kinds.hpp"
#include "tests/core/raft/quorum_lab.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glasslog::raft::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string first_segment = "00000000000000000000.log";

using Lines = std::map<NodeId, std::vector<std::string>>;

// What each node's log says to people from now on.
std::shared_ptr<Lines> lines_of(QuorumLab& lab) {
    auto lines = std::make_shared<Lines>();
    lab.world().observe([lines](const trace::Event& event) {
        const auto kind = trace::decode(event);
        const auto* line = kind ? std::get_if<trace::kinds::LogLine>(&*kind) : nullptr;
        if (line != nullptr) (*lines)[event.node].push_back(line->text);
    });
    return lines;
}

TEST(DriverTest, OneAloneLeadsAtOnceAndBeginsTheLogAsKafkaDoes) {
    QuorumLab lab({.voters = 1});
    lab.start_all();

    ASSERT_TRUE(lab.run_until([&] { return lab.told(NodeId(1)).gained.size() == 1; },
                              Duration::milliseconds(100)));

    const Bytes log = lab.file(NodeId(1), first_segment);
    const auto first = protocol::BatchView::read(log.view());
    ASSERT_TRUE(first);
    EXPECT_TRUE(first->is_control());
    EXPECT_EQ(first->record_count(), 3) << "leader change, kraft version, voters";
    EXPECT_EQ(first->leader_epoch(), LeaderEpoch(1));
    EXPECT_THAT(std::string(as_text(lab.file(NodeId(1), "quorum-state").view())),
                HasSubstr(R"("leaderId":1,"leaderEpoch":1)"));
}

TEST(DriverTest, ThreeElectOneLeaderAndReplicate) {
    QuorumLab lab({});
    lab.start_all();

    lab.write("a");
    lab.write("b");

    for (const NodeId node : {NodeId(1), NodeId(2), NodeId(3)}) {
        EXPECT_THAT(lab.told(node).values, ElementsAre("a", "b"));
        EXPECT_EQ(lab.file(node, first_segment), lab.file(NodeId(1), first_segment));
    }
}

TEST(DriverTest, OnlyTheActiveLeaderTakesProposals) {
    QuorumLab lab({});
    lab.start_all();
    const NodeId leader = lab.leader();

    const NodeId other(leader == NodeId(1) ? 2 : 1);

    EXPECT_FALSE(lab.propose(other, {"x"}));
    EXPECT_TRUE(lab.propose(leader, {"x"}));
}

TEST(DriverTest, WhatWasCommittedSurvivesAPowerLossOfTheLeader) {
    QuorumLab lab({});
    lab.start_all();
    lab.write("a");
    const NodeId leader = lab.leader();

    lab.world().power_loss(leader, sim::CrashModel{});
    ASSERT_TRUE(lab.run_until([&] { return lab.has_leader_other_than(leader); }));
    lab.write("b");
    lab.world().restart(leader);
    ASSERT_TRUE(lab.run_until([&] { return lab.knows_everywhere("b"); }));

    EXPECT_THAT(lab.told(leader).values, ElementsAre("a", "b"));
}

TEST(DriverTest, ALeaderThatLostPowerNeverLeadsItsEpochAgain) {
    QuorumLab lab({});
    lab.start_all();
    const NodeId leader = lab.leader();
    const LeaderEpoch epoch = lab.log(leader).state().epoch;

    lab.world().power_loss(leader, sim::CrashModel{});
    lab.world().restart(leader);
    const NodeId next = lab.leader();

    EXPECT_GT(lab.log(next).state().epoch, epoch);
}

TEST(DriverTest, TheWholeQuorumComesBackFromAPowerLoss) {
    QuorumLab lab({});
    lab.start_all();
    lab.write("a");

    for (const NodeId node : {NodeId(1), NodeId(2), NodeId(3)})
        lab.world().power_loss(node, sim::CrashModel{});
    for (const NodeId node : {NodeId(1), NodeId(2), NodeId(3)})
        lab.world().restart(node);
    lab.write("b");

    for (const NodeId node : {NodeId(1), NodeId(2), NodeId(3)})
        EXPECT_THAT(lab.told(node).values, ElementsAre("a", "b"));
}

// The old leader wrote what nobody else has; others went on without it.
// The least is one batch: from memory, and from disk for a follower that was away.
TEST(DriverTest, ABatchThatIsLargerThanAFetchIsFetchedWhole) {
    QuorumLab lab({});
    lab.start_all();
    const NodeId leader = lab.leader();
    const NodeId follower(leader == NodeId(1) ? 2 : 1);
    const QuorumOptions options = lab.options_of(follower);
    const auto fetch_bytes_max = static_cast<std::size_t>(options.fetch_bytes_max);
    const std::string large(fetch_bytes_max * 2, 'l');
    const std::string larger(fetch_bytes_max * 8, 'x');

    lab.write(large);
    lab.world().power_loss(follower, sim::CrashModel{});
    lab.write(larger);
    lab.write("after");
    lab.world().restart(follower);
    ASSERT_TRUE(lab.run_until([&] { return lab.knows_everywhere("after"); }));

    EXPECT_TRUE(lab.told(follower).values == (std::vector<std::string>{large, larger, "after"}));
}

TEST(DriverTest, CutsWhatNoMajorityHas) {
    QuorumLab lab({});
    lab.start_all();
    lab.write("a");
    const NodeId old = lab.leader();
    const auto cut = lab.world().inject(sim::Cut{old, no_node});
    ASSERT_TRUE(lab.propose(old, {"lost"}));

    ASSERT_TRUE(lab.run_until([&] { return lab.has_leader_other_than(old); }));
    const auto next = [&] {
        for (const NodeId node : {NodeId(1), NodeId(2), NodeId(3)})
            if (node != old && lab.log(node).is_active()) return node;
        return no_node;
    }();
    ASSERT_TRUE(lab.propose(next, {"b"}));
    lab.world().heal(cut);
    ASSERT_TRUE(lab.run_until([&] { return lab.knows_everywhere("b"); }));

    EXPECT_THAT(lab.told(old).values, ElementsAre("a", "b"));
    EXPECT_THAT(lab.told(old).lost, SizeIs(1)) << "it was told that it leads no more";
    const auto is_same = [&] {
        return lab.file(old, first_segment) == lab.file(next, first_segment);
    };
    EXPECT_TRUE(lab.run_until(is_same)) << to_hex(lab.file(old, first_segment).view()) << "\n"
                                        << to_hex(lab.file(next, first_segment).view());
}

TEST(DriverTest, AFollowerThatWasAwayFetchesASnapshot) {
    QuorumLab lab({});
    lab.start_all();
    lab.write("a");
    const NodeId leader = lab.leader();
    const NodeId away(leader == NodeId(3) ? 2 : 3);
    lab.world().crash(away);
    for (const char* value : {"b", "c", "d"})
        lab.write(value);

    lab.snapshot(leader);
    const Offset end = lab.log(leader).state().snapshot->end;
    lab.write("e");
    lab.world().restart(away);
    ASSERT_TRUE(lab.run_until([&] { return lab.knows_everywhere("e"); }));

    EXPECT_THAT(lab.told(away).values, ElementsAre("a", "b", "c", "d", "e"));
    EXPECT_THAT(lab.told(away).snapshots, ElementsAre(end));
    EXPECT_EQ(lab.log(away).state().log_start, end);
}

// A snapshot that comes in pieces, and a node that loses power while it does, at any boundary.
TEST(DriverTest, ASnapshotThatIsBeingFetchedSurvivesAPowerLossAtAnyMoment) {
    int crash_count = 0;
    for (std::uint64_t boundary = 0; boundary < 24; ++boundary) {
        QuorumLab lab({.seed = boundary + 1});
        lab.start_all();
        lab.write("a");
        const NodeId leader = lab.leader();
        const NodeId away(leader == NodeId(3) ? 2 : 3);
        lab.world().crash(away);
        lab.write("b");
        lab.snapshot(leader);
        lab.world().restart(away);
        lab.world().crash_at_boundary(away, boundary, sim::CrashModel{});

        lab.run_until([&] { return !lab.is_up(away); }, Duration::seconds(3));
        if (!lab.is_up(away)) {
            ++crash_count;
            lab.world().restart(away);
        }
        lab.write("c");
        if (!lab.is_up(away)) lab.world().restart(away);
        ASSERT_TRUE(lab.run_until([&] { return lab.knows_everywhere("c"); })) << boundary;

        EXPECT_THAT(lab.told(away).values, ElementsAre("a", "b", "c")) << boundary;
    }
    EXPECT_GT(crash_count, 20);
}

TEST(DriverTest, StartsFromItsSnapshot) {
    QuorumLab lab({.voters = 1});
    lab.start_all();
    lab.write("a");
    lab.write("b");
    lab.snapshot(NodeId(1));
    lab.write("c");

    lab.world().power_loss(NodeId(1), sim::CrashModel{});
    lab.world().restart(NodeId(1));
    lab.write("d");

    EXPECT_THAT(lab.told(NodeId(1)).snapshots, SizeIs(1));
    EXPECT_THAT(lab.told(NodeId(1)).values, ElementsAre("a", "b", "c", "d"));
}

TEST(DriverTest, AVoterIsAddedAndRemoved) {
    QuorumLab lab({.voters = 3, .spares = 1});
    lab.start_all();
    lab.write("a");
    const NodeId leader = lab.leader();
    protocol::AddRaftVoterRequest add;
    add.timeout_ms = 10'000;
    add.voter_id = NodeId(4);
    add.voter_directory_id = QuorumLab::directory_of(NodeId(4));
    add.listeners = {{"CONTROLLER", "c4", 9093}};

    const auto added = lab.ask<protocol::AddRaftVoterResponse>(leader, add);

    EXPECT_EQ(added.error_code, WireError::none);
    lab.write("b");
    EXPECT_THAT(lab.voters_seen_by(NodeId(4)),
                ElementsAre(NodeId(1), NodeId(2), NodeId(3), NodeId(4)));

    protocol::RemoveRaftVoterRequest remove;
    remove.voter_id = NodeId(4);
    remove.voter_directory_id = add.voter_directory_id;
    const auto removed = lab.ask<protocol::RemoveRaftVoterResponse>(leader, remove);

    EXPECT_EQ(removed.error_code, WireError::none);
    lab.write("c");
    EXPECT_THAT(lab.voters_seen_by(NodeId(4)), ElementsAre(NodeId(1), NodeId(2), NodeId(3)));
}

// From files into the log, over the wire and through the disks of all; what a node is told later is
// the log's, whatever its files say.
TEST(DriverTest, AStaticQuorumIsRaisedOnceForAll) {
    QuorumLab lab({.is_static = true});
    lab.start_all();
    lab.write("a");
    const NodeId leader = lab.leader();
    std::optional<UpgradeReply> reply;
    const auto& introduced = lab.log(leader).state().leading.introduced;
    EXPECT_TRUE(lab.run_until([&] { return introduced.size() == 2; }));

    lab.log(leader).upgrade_kraft_version(1, false, [&](UpgradeReply answer) { reply = answer; });
    EXPECT_TRUE(lab.run_until([&] { return reply.has_value(); }));

    EXPECT_EQ(reply, (UpgradeReply{.is_written = true}));
    lab.write("b");
    const auto told = lines_of(lab);
    for (const NodeId node : {NodeId(1), NodeId(2), NodeId(3)})
        lab.world().power_loss(node, sim::CrashModel{});
    for (const NodeId node : {NodeId(1), NodeId(2), NodeId(3)})
        lab.world().restart(node);
    lab.write("c");
    for (const NodeId node : {NodeId(1), NodeId(2), NodeId(3)}) {
        const State& state = lab.log(node).state();
        EXPECT_EQ(state.kraft_version(), 1);
        EXPECT_TRUE(state.voters().contains({node, QuorumLab::directory_of(node)}));
        EXPECT_EQ(state.voters().find(node)->endpoints.size(), 1U);
        EXPECT_THAT((*told)[node],
                    ElementsAre(HasSubstr("controller.quorum.voters counts no more")));
    }
}

TEST(DriverTest, AControllerThatMayJoinsByItself) {
    QuorumLab lab({.voters = 3, .spares = 1, .spares_join = true});
    lab.start_all();
    lab.write("a");

    EXPECT_TRUE(lab.run_until([&] { return lab.voters_seen_by(NodeId(4)).size() == 4; }));
    lab.write("b");
}

// Two of three go on without the third, one of them added.
TEST(DriverTest, AnAddedVoterCounts) {
    QuorumLab lab({.voters = 2, .spares = 1, .spares_join = true});
    lab.start_all();
    ASSERT_TRUE(lab.run_until(
        [&] { return lab.is_open(NodeId(3)) && lab.voters_seen_by(NodeId(3)).size() == 3; }));
    const NodeId leader = lab.leader();

    lab.world().power_loss(leader, sim::CrashModel{});
    ASSERT_TRUE(lab.run_until([&] { return lab.has_leader_other_than(leader); }));
    lab.write("a");
    lab.world().restart(leader);

    EXPECT_TRUE(lab.run_until([&] { return lab.knows_everywhere("a"); }));
}

TEST(DriverTest, ALeaderThatStopsGivesItsEpochAwayAtOnce) {
    QuorumLab lab({});
    lab.start_all();
    lab.write("a");
    const NodeId leader = lab.leader();
    std::optional<bool> is_clean;

    lab.log(leader).stop([&](bool clean) { is_clean = clean; });

    // Before the fetch timeout of its followers, two seconds, could tell them.
    ASSERT_TRUE(lab.run_until([&] { return lab.has_leader_other_than(leader); },
                              Duration::milliseconds(1'000)));
    EXPECT_EQ(is_clean, true);
}

TEST(DriverTest, AKilledLeaderIsMissedAtOnceWhenRefusalsCount) {
    QuorumLab lab({.fast_election_delay_max = Duration::milliseconds(50)});
    lab.start_all();
    lab.write("a");
    const NodeId leader = lab.leader();

    lab.world().crash(leader);

    EXPECT_TRUE(lab.run_until([&] { return lab.has_leader_other_than(leader); },
                              Duration::milliseconds(500)));
}

TEST(DriverTest, AReadIsAnsweredWhenTheListenerWasToldAllBeforeIt) {
    QuorumLab lab({});
    lab.start_all();
    const NodeId leader = lab.leader();
    lab.propose(leader, {"a"});
    std::optional<Offset> upto;

    lab.log(leader).read([&](Expected<Offset, WireError> read) {
        ASSERT_TRUE(read);
        upto = *read;
        EXPECT_THAT(lab.told(leader).values, ElementsAre("a"));
    });

    ASSERT_TRUE(lab.run_until([&] { return upto.has_value(); }));
    EXPECT_LE(*upto, lab.told(leader).upto);
}

TEST(DriverTest, TheQuorumIsDescribedByItsLeaderAlone) {
    QuorumLab lab({.voters = 3, .spares = 1});
    lab.start_all();
    lab.write("a");
    const NodeId leader = lab.leader();
    protocol::DescribeQuorumRequest request;
    request.topics = {{"__cluster_metadata", {{PartitionIndex(0)}}}};

    const auto told = lab.ask<protocol::DescribeQuorumResponse>(leader, request);
    const NodeId other(leader == NodeId(1) ? 2 : 1);
    const auto refused = lab.ask<protocol::DescribeQuorumResponse>(other, request);

    const auto& partition = told.topics.at(0).partitions.at(0);
    EXPECT_EQ(partition.leader_id, leader);
    EXPECT_THAT(partition.current_voters, SizeIs(3));
    EXPECT_THAT(partition.observers, SizeIs(1));
    EXPECT_THAT(told.nodes, SizeIs(3));
    EXPECT_EQ(refused.topics.at(0).partitions.at(0).error_code, WireError::not_leader_or_follower);
}

TEST(DriverTest, AnotherClusterIsRefused) {
    QuorumLab lab({.voters = 1});
    lab.start_all();
    lab.leader();
    protocol::VoteRequest vote;
    vote.cluster_id = "another";
    protocol::VoteRequest nothing;
    nothing.cluster_id = "cluster";

    EXPECT_EQ(lab.ask<protocol::VoteResponse>(NodeId(1), vote).error_code,
              WireError::inconsistent_cluster_id);
    EXPECT_EQ(lab.ask<protocol::VoteResponse>(NodeId(1), nothing).error_code,
              WireError::invalid_request);
}

// The other two go on; each of the three is told once, however often they ask.
TEST(DriverTest, AVoterOfAnotherClusterIsNamedOnceAndNoMore) {
    QuorumLab lab({.stranger = NodeId(3)});
    const auto told = lines_of(lab);
    lab.start_all();

    lab.leader();
    lab.run_for(Duration::seconds(20));

    EXPECT_THAT((*told)[NodeId(3)],
                ElementsAre(testing::HasSubstr("is of another cluster than this node, which was "
                                               "formatted for cluster another"),
                            testing::HasSubstr("is of another cluster")));
    EXPECT_THAT((*told)[lab.leader()], SizeIs(1));
}

// What was told as committed is never lost, whatever the power takes from the leader's disk.
TEST(DriverTest, AnsweredProposalsSurviveAPowerLossAtAnyBoundary) {
    int crash_count = 0;
    for (std::uint64_t boundary = 0; boundary < 30; ++boundary) {
        QuorumLab lab({.seed = boundary + 1});
        lab.start_all();
        const NodeId leader = lab.leader();
        lab.world().crash_at_boundary(leader, boundary, sim::CrashModel{});
        for (const char* value : {"a", "b", "c", "d", "e", "f"}) {
            if (!lab.is_up(leader) || !lab.propose(leader, {value})) break;
            lab.run_until([&] { return !lab.is_up(leader) || lab.knows_everywhere(value); },
                          Duration::seconds(2));
        }
        const std::vector<std::string> known = lab.told(leader).values;
        if (!lab.is_up(leader)) {
            ++crash_count;
            lab.world().restart(leader);
        }

        lab.write("end");
        if (!lab.is_up(leader)) lab.world().restart(leader);
        ASSERT_TRUE(lab.run_until([&] { return lab.knows_everywhere("end"); })) << boundary;

        for (const NodeId node : {NodeId(1), NodeId(2), NodeId(3)}) {
            for (const std::string& value : known)
                EXPECT_THAT(lab.told(node).values, Contains(value)) << boundary;
            EXPECT_EQ(lab.told(node).values, lab.told(NodeId(1)).values) << boundary;
        }
    }
    EXPECT_GT(crash_count, 10);
}

// What any node was ever told, as long as it lasts: later lives must begin with it.
class Ledger {
public:
    void note(const std::vector<std::string>& told) {
        const std::size_t common = std::min(told.size(), all_.size());
        EXPECT_TRUE(std::equal(told.begin(),
                               told.begin() + static_cast<std::ptrdiff_t>(common),
                               all_.begin()))
            << "two nodes were told different logs";
        if (told.size() > all_.size()) all_ = told;
    }

    const std::vector<std::string>& all() const { return all_; }

private:
    std::vector<std::string> all_;
};

// Three nodes, power that goes and comes, links that are cut, snapshots taken: chance decides.
TEST(DriverTest, EveryNodeIsToldOneLogWhateverTheyLose) {
    const std::vector<NodeId> nodes{NodeId(1), NodeId(2), NodeId(3)};
    std::size_t told_count = 0;
    for (std::uint64_t seed = 1; seed <= 25; ++seed) {
        QuorumLab lab({.seed = seed});
        std::uint64_t draws = 0;
        const auto draw = [&](std::int64_t most) {
            return between(StableHash().add(seed).add(++draws).value(), 0, most);
        };
        Ledger ledger;
        const auto note_all = [&] {
            for (const NodeId node : nodes)
                ledger.note(lab.told(node).values);
        };
        lab.start_all();
        for (int round = 0; round < 12; ++round) {
            const NodeId victim = nodes[static_cast<std::size_t>(draw(2))];
            for (const NodeId node : nodes) {
                if (lab.is_up(node) && lab.is_open(node)) {
                    lab.propose(node, {fmt::format("{}-{}", round, node)});
                }
            }
            lab.run_for(Duration::milliseconds(draw(1'500)));
            note_all();
            if (draw(3) == 0 && lab.is_open(victim) && lab.told(victim).upto > Offset(0)) {
                lab.snapshot(victim);
            }
            const auto cut = lab.world().inject(sim::Cut{victim, no_node});
            lab.run_for(Duration::milliseconds(draw(3'000)));
            lab.world().heal(cut);
            note_all();
            lab.world().power_loss(victim, sim::CrashModel{});
            lab.run_for(Duration::milliseconds(draw(2'500)));
            lab.world().restart(victim);
        }
        lab.write("end");
        note_all();
        told_count += ledger.all().size();
        for (const NodeId node : nodes)
            EXPECT_EQ(lab.told(node).values, ledger.all()) << seed;
    }
    EXPECT_GT(told_count, 100U);
}

}  // namespace
}  // namespace glasslog::raft::test
