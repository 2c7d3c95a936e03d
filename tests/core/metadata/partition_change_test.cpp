// Changes of one partition, as records. The cases with a number stand in golden/files, in the
// metadata log of a cluster of three.

#include "core/metadata/partition_change.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glasslog::metadata {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr NodeId one{1};
constexpr NodeId two{2};
constexpr NodeId three{3};
constexpr NodeId unchanged{-2};

// Three live brokers with a directory each.
Image cluster() {
    Image image;
    for (const int id : {1, 2, 3}) {
        auto broker = std::make_shared<Broker>();
        broker->id = NodeId(id);
        broker->is_fenced = false;
        broker->log_directories = {Uuid{1, static_cast<std::uint64_t>(id)}};
        image.brokers = image.brokers.with(NodeId(id), std::move(broker));
    }
    return image;
}

PartitionState partition(std::vector<NodeId> replicas, std::vector<NodeId> isr) {
    PartitionState state;
    for (const NodeId id : replicas)
        state.directories.push_back({1, static_cast<std::uint64_t>(id.value())});
    state.replicas = std::move(replicas);
    state.isr = std::move(isr);
    state.leader = state.isr.empty() ? no_node : state.isr.front();
    return state;
}

class PartitionChangeTest : public testing::Test {
protected:
    std::optional<protocol::PartitionChangeRecord> change(const PartitionState& before,
                                                          const PartitionTarget& target) {
        auto record = change_partition({}, before, target, scope_);
        after_ = before;
        if (record) apply_change(after_, *record);
        return record;
    }

    void fence(NodeId id) {
        auto fenced = std::make_shared<Broker>(*image_.find_broker(id));
        fenced->is_fenced = true;
        image_.brokers = image_.brokers.with(id, std::move(fenced));
    }

    Image image_ = cluster();
    Rules rules_;
    ChangeScope scope_{.image = image_, .rules = rules_, .has_elr = true, .presence = {}};
    PartitionState after_;
};

TEST_F(PartitionChangeTest, IsNothingWhenNothingChanges) {
    EXPECT_FALSE(change(partition({one, two}, {one, two}), {}));
}

// 2562: the in-sync set shrinks by a broker that does not lead.
TEST_F(PartitionChangeTest, AShrunkIsrKeepsTheLeaderEpoch) {
    const auto record =
        change(partition({three, two, one}, {three, two, one}), {.isr = std::vector{three, two}});

    EXPECT_EQ(record->leader, unchanged);
    EXPECT_EQ(after_.leader_epoch, LeaderEpoch(0));
    EXPECT_EQ(after_.partition_epoch, 1);
}

// 2563: the leader is among those who leave.
TEST_F(PartitionChangeTest, ALeaderThatLeavesIsReplacedUnderANewEpoch) {
    scope_.presence.leaves = one;

    const auto record =
        change(partition({one, two, three}, {one, two, three}), {.isr = std::vector{two, three}});

    EXPECT_EQ(record->leader, two);
    EXPECT_EQ(after_.leader_epoch, LeaderEpoch(1));
}

// 471 and 472: from {1,2} to {3,1}.
TEST_F(PartitionChangeTest, AReassignmentIsCompleteWhenAllThatStayAreInSync) {
    PartitionState before = partition({one, two}, {one, two});
    change(before,
           {.replicas = std::vector{three, one, two},
            .adding = std::vector{three},
            .removing = std::vector{two}});
    EXPECT_THAT(after_.replicas, ElementsAre(three, one, two));
    EXPECT_EQ(after_.leader_epoch, LeaderEpoch(0)) << "nobody was removed yet";

    before = after_;
    const auto record = change(before, {.isr = std::vector{one, two, three}});

    EXPECT_THAT(after_.replicas, ElementsAre(three, one));
    EXPECT_THAT(after_.isr, ElementsAre(one, three));
    EXPECT_THAT(after_.adding_replicas, IsEmpty());
    EXPECT_THAT(after_.removing_replicas, IsEmpty());
    EXPECT_EQ(record->leader, one) << "the leader stays, its epoch rises";
    EXPECT_EQ(after_.leader_epoch, LeaderEpoch(1));
    EXPECT_THAT(*record->directories, ElementsAre(Uuid{1, 3}, Uuid{1, 1}));
}

TEST_F(PartitionChangeTest, AReassignmentWaitsForReplicasThatWereThereBefore) {
    PartitionState before = partition({one, two, three}, {one});
    before.adding_replicas = {three};

    change(before, {.isr = std::vector{one, three}});

    EXPECT_THAT(after_.adding_replicas, ElementsAre(three)) << "2 is not in sync";
}

// 987: a replica less needs nobody to catch up.
TEST_F(PartitionChangeTest, FewerReplicasAreCompleteAtOnce) {
    const auto record =
        change(partition({one, two, three}, {one, two, three}),
               {.replicas = std::vector{one, two, three}, .removing = std::vector{three}});

    EXPECT_THAT(after_.replicas, ElementsAre(one, two));
    EXPECT_FALSE(record->removing_replicas.has_value());
    EXPECT_EQ(record->leader, one);
}

TEST_F(PartitionChangeTest, TheLastMemberBecomesEligible) {
    fence(two);
    scope_.min_isr = 2;
    scope_.presence = {.leaves = one};
    PartitionState before = partition({one, two, three}, {one});
    before.eligible_leader_replicas = {two};

    change(before, {.isr = std::vector<NodeId>{}});

    EXPECT_THAT(after_.isr, IsEmpty());
    EXPECT_EQ(after_.leader, no_node);
    EXPECT_THAT(after_.eligible_leader_replicas, ElementsAre(one, two));
    EXPECT_THAT(after_.last_known_elr, ElementsAre(one));

    // 2 returns and is elected without loss.
    fence(one);
    before = after_;
    scope_.presence = {.returns = two};
    change(before, {});
    EXPECT_EQ(after_.leader, two);
    EXPECT_THAT(after_.isr, ElementsAre(two));
    EXPECT_THAT(after_.eligible_leader_replicas, ElementsAre(one));
    EXPECT_THAT(after_.last_known_elr, IsEmpty());
    EXPECT_EQ(after_.leader_recovery_state, leader_recovered);
}

TEST_F(PartitionChangeTest, WithoutElrTheLastMemberStaysInSyncAndNobodyLeads) {
    scope_.has_elr = false;
    scope_.presence.leaves = one;

    change(partition({one, two}, {one}), {.isr = std::vector<NodeId>{}});

    EXPECT_THAT(after_.isr, ElementsAre(one));
    EXPECT_EQ(after_.leader, no_node);
}

TEST_F(PartitionChangeTest, AnUncleanLeaderIsAloneInSyncAndRecovering) {
    scope_.presence.leaves = one;
    scope_.election = ElectionKind::unclean;
    scope_.has_elr = false;

    change(partition({one, two, three}, {one}), {.isr = std::vector<NodeId>{}});

    EXPECT_EQ(after_.leader, two);
    EXPECT_THAT(after_.isr, ElementsAre(two));
    EXPECT_EQ(after_.leader_recovery_state, leader_recovering);
}

TEST_F(PartitionChangeTest, WhoLostItsLogIsNotEligible) {
    scope_.presence.unclean = two;
    scope_.min_isr = 2;
    PartitionState before = partition({one, two}, {one, two});

    change(before, {.isr = std::vector{one}});

    EXPECT_THAT(after_.isr, ElementsAre(one));
    EXPECT_THAT(after_.eligible_leader_replicas, IsEmpty());
}

TEST_F(PartitionChangeTest, AReplicaInAnOfflineDirectoryMayNotLead) {
    PartitionState before = partition({one, two}, {one, two});
    before.leader = no_node;
    before.directories[0] = Uuid{5, 5};

    change(before, {});

    EXPECT_EQ(after_.leader, two);
}

}  // namespace
}  // namespace glasslog::metadata
