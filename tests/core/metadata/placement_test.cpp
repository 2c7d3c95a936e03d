#include "core/metadata/placement.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <set>

namespace glasslog::metadata {
namespace {

std::vector<UsableBroker> brokers(int count, int racks = 0) {
    std::vector<UsableBroker> all;
    for (int id = 1; id <= count; ++id) {
        UsableBroker broker{.id = NodeId(id), .rack = std::nullopt};
        if (racks > 0) broker.rack = "rack" + std::to_string(id % racks);
        all.push_back(broker);
    }
    return all;
}

TEST(PlacementTest, EveryPartitionHasItsReplicasOnDifferentBrokers) {
    const bool holds = rc::check("distinct", [] {
        const int count = *rc::gen::inRange(1, 8);
        const int factor = *rc::gen::inRange(1, count + 1);
        const int racks = *rc::gen::inRange(0, 4);
        const auto placed = place(brokers(count, racks),
                                  {.partition_count = 20,
                                   .replication_factor = factor,
                                   .draw = *rc::gen::arbitrary<std::uint64_t>()});
        RC_ASSERT(placed.size() == 20U);
        for (const auto& replicas : placed) {
            const std::set<NodeId> different(replicas.begin(), replicas.end());
            RC_ASSERT(replicas.size() == static_cast<std::size_t>(factor));
            RC_ASSERT(different.size() == replicas.size());
        }
    });
    EXPECT_TRUE(holds);
}

TEST(PlacementTest, LeadersGoRound) {
    const auto placed =
        place(brokers(3), {.partition_count = 9, .replication_factor = 1, .draw = 5});

    std::map<NodeId, int> led;
    for (const auto& replicas : placed)
        ++led[replicas.front()];
    EXPECT_EQ(led, (std::map<NodeId, int>{{NodeId(1), 3}, {NodeId(2), 3}, {NodeId(3), 3}}));
}

TEST(PlacementTest, ReplicasAreSpreadOverRacks) {
    const auto placed =
        place(brokers(6, 3), {.partition_count = 12, .replication_factor = 3, .draw = 5});

    for (const auto& replicas : placed) {
        std::set<int> racks;
        for (const NodeId id : replicas)
            racks.insert(id.value() % 3);
        EXPECT_EQ(racks.size(), 3U);
    }
}

TEST(PlacementTest, AFencedBrokerFollowsButDoesNotLead) {
    auto usable = brokers(2);
    usable[0].is_fenced = true;

    const auto placed = place(usable, {.partition_count = 4, .replication_factor = 2, .draw = 1});

    ASSERT_EQ(placed.size(), 4U);
    for (const auto& replicas : placed)
        EXPECT_EQ(replicas.front(), NodeId(2));
}

// Rack 0 has the fenced broker 3 alone, rack 1 has 1 and 4, rack 2 has 2 and 5.
TEST(PlacementTest, AFencedRackHoldsItsReplicaAndLeadsNothing) {
    auto usable = brokers(5, 3);
    usable[2].is_fenced = true;

    const auto placed = place(usable, {.partition_count = 12, .replication_factor = 3, .draw = 7});

    std::map<NodeId, int> led;
    for (const auto& replicas : placed) {
        ++led[replicas.front()];
        EXPECT_NE(std::find(replicas.begin(), replicas.end(), NodeId(3)), replicas.end());
    }
    EXPECT_EQ(led.count(NodeId(3)), 0U);
    EXPECT_EQ(led.size(), 4U);
}

TEST(PlacementTest, AFencedBrokerFollowsAfterTheLivingOnesOfItsRack) {
    auto usable = brokers(3);
    usable[1].is_fenced = true;

    for (const auto& replicas :
         place(usable, {.partition_count = 6, .replication_factor = 2, .draw = 3})) {
        EXPECT_EQ(std::find(replicas.begin(), replicas.end(), NodeId(2)), replicas.end());
    }
}

TEST(PlacementTest, RefusesWhatCannotBePlaced) {
    EXPECT_TRUE(place(brokers(2), {.partition_count = 1, .replication_factor = 3}).empty());
    EXPECT_TRUE(place(brokers(2), {.partition_count = 1, .replication_factor = 0}).empty());
    EXPECT_TRUE(place({}, {.partition_count = 1, .replication_factor = 1}).empty());
}

}  // namespace
}  // namespace glasslog::metadata
