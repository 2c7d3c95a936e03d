// Each rule of the controller, broken on purpose: the wrong enumerator breaks its invariant, and
// the right one, in the same story, does not.

#include "core/metadata/node_sets.hpp"
#include "tests/core/metadata/cluster_lab.hpp"

#include <gmock/gmock.h>

#include <functional>

namespace glasslog::metadata::test {
namespace {

using protocol::WireError;
using testing::ElementsAre;

constexpr NodeId one{1};
constexpr NodeId two{2};

// Three brokers and a topic of three replicas that wants two of them in sync.
class Story {
public:
    explicit Story(Rules rules) : lab(rules, false) {
        for (const int id : {1, 2, 3})
            lab.start(id);
        lab.create("t", {{1, 2, 3}}, {{"min.insync.replicas", "2"}});
    }

    // A new process on a disk that lost its tail.
    void restart_uncleanly(int id) {
        auto request = lab.registration(id, 500 + static_cast<std::uint64_t>(id));
        request.previous_broker_epoch = BrokerEpoch(-1);
        lab.enroll(request);
    }

    ClusterLab lab;
};

std::string found(Rules rules, const std::function<void(Story&)>& tell) {
    Story story(rules);
    tell(story);
    return story.lab.finding().value_or("");
}

// The invariants of single steps find these.
void expect_finding(const Rules& wrong,
                    const std::string& invariant,
                    const std::function<void(Story&)>& tell) {
    EXPECT_THAT(found(wrong, tell), testing::StartsWith(invariant));
    EXPECT_EQ(found({}, tell), "");
}

TEST(ControllerRulesTest, IgnoringTheBrokerEpochBreaksM8) {
    expect_finding({.broker_epoch = BrokerEpochRule::ignored}, "M8", [](Story& story) {
        auto late = story.lab.in_sync("t", {1, 2});
        late.broker_epoch = BrokerEpoch(0);
        story.lab.alter(late);
    });
}

TEST(ControllerRulesTest, IgnoringThePartitionEpochBreaksM10) {
    expect_finding({.partition_epoch = PartitionEpochRule::ignored}, "M10", [](Story& story) {
        const auto delayed = story.lab.in_sync("t", {1, 2, 3});
        story.lab.alter(story.lab.in_sync("t", {1, 2}));
        story.lab.alter(delayed);
    });
}

TEST(ControllerRulesTest, KeepingTheLeaderEpochWhenAReplicaGoesBreaksM11) {
    expect_finding(
        {.reassignment_epoch = ReassignmentEpochRule::by_leader_only},
        "M11",
        [](Story& story) {
            protocol::AlterPartitionReassignmentsRequest request;
            request.topics.push_back({"t", {{PartitionIndex(0), std::vector{one, two}}}});
            story.lab.ask<protocol::AlterPartitionReassignmentsResponse>(request);
        });
}

TEST(ControllerRulesTest, GivingProducerIdsWithoutARecordBreaksM14) {
    expect_finding({.producer_ids = ProducerIdRule::answered_only}, "M14", [](Story& story) {
        protocol::AllocateProducerIdsRequest request;
        request.broker_id = one;
        request.broker_epoch = story.lab.epoch_of(1);
        story.lab.ask<protocol::AllocateProducerIdsResponse>(request);
    });
}

TEST(ControllerRulesTest, LettingAnyReplicaInBreaksK16) {
    expect_finding({.isr = IsrRule::any_replica}, "K16", [](Story& story) {
        const auto late = story.lab.in_sync("t", {1, 2, 3});
        story.lab.fence(3);
        auto again = story.lab.in_sync("t", {1, 2, 3});
        again.topics[0].partitions[0].new_isr_with_epochs =
            late.topics[0].partitions[0].new_isr_with_epochs;
        story.lab.alter(again);
    });
}

// M12: what the leader of the deleted topic reports late is taken for the new one.
TEST(ControllerRulesTest, IdentityByNameLetsTheDeadTopicSpeak) {
    const auto answer_to_the_dead = [](Rules rules) {
        Story story(rules);
        const auto late = story.lab.in_sync("t", {1});
        story.lab.remove("t");
        story.lab.create("t", {{1, 2, 3}});
        return story.lab.alter_error(late);
    };

    EXPECT_EQ(answer_to_the_dead({}), WireError::unknown_topic_id);
    EXPECT_EQ(answer_to_the_dead({.topic_identity = TopicIdentity::name}), WireError::none);
}

// K10: `unclean-election`.
TEST(ControllerRulesTest, ElectingWhoeverLivesForgetsTheInSyncSet) {
    const auto leader_of = [](Rules rules) {
        Story story(rules);
        story.lab.alter(story.lab.in_sync("t", {1, 2}));
        story.lab.alter(story.lab.in_sync("t", {1}));
        story.lab.fence(1);
        story.lab.fence(2);
        return story.lab.partition("t").leader;
    };

    EXPECT_EQ(leader_of({}), no_node) << "3 fell behind when two were enough to commit";
    EXPECT_EQ(leader_of({.election = ElectionRule::any_live_replica}), NodeId(3));
}

// K10: `last-replica-standing`: the only one left in sync loses its log, and the two that have
// everything must follow it.
TEST(ControllerRulesTest, TheLastMemberOfTheIsrMustNotLeadWithoutItsLog) {
    const auto tell = [](Rules rules) {
        Story story(rules);
        story.lab.alter(story.lab.in_sync("t", {1, 2}));
        story.lab.fence(2);
        story.lab.fence(1);
        story.restart_uncleanly(1);
        story.lab.beat(1);
        const NodeId first = story.lab.partition("t").leader;
        story.lab.beat(2);
        return std::pair{first, story.lab.partition("t").leader};
    };

    EXPECT_EQ(tell({}), (std::pair{no_node, two})) << "2 has everything, and is waited for";
    EXPECT_EQ(tell({.last_member = LastMemberRule::stays_in_sync}), (std::pair{one, one}));
    EXPECT_EQ(tell({.unclean_restart = UncleanRestartRule::keeps_eligibility}),
              (std::pair{one, one}));
}

}  // namespace
}  // namespace glasslog::metadata::test
