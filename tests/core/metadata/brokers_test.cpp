// Registration of brokers and blocks of producer ids.

#include "tests/core/metadata/controller_lab.hpp"

#include <gtest/gtest.h>

namespace glasslog::metadata::test {
namespace {

using protocol::WireError;
using Block = Expected<ProducerIdBlock, WireError>;

TEST(BrokersTest, ABrokersEpochIsWhereItsRegistrationStands) {
    ControllerLab lab;

    const BrokerEpoch second = lab.register_broker(NodeId(2));

    const Broker* broker = lab.image().find_broker(NodeId(2));
    ASSERT_NE(broker, nullptr);
    EXPECT_EQ(broker->epoch, second);
    EXPECT_EQ(second.value(), 5)
        << "behind two levels, a minimum and the first broker's two records";
    EXPECT_FALSE(broker->is_fenced);
}

TEST(BrokersTest, TheSameIncarnationKeepsItsEpoch) {
    ControllerLab lab;

    EXPECT_EQ(lab.register_broker(NodeId(1)), lab.image().find_broker(NodeId(1))->epoch);
    EXPECT_TRUE(lab.last.records.empty());
}

TEST(BrokersTest, ARestartedBrokerLeadsUnderANewEpoch) {
    ControllerLab lab;
    lab.create("orders", 2);
    const Uuid id = lab.image().find_topic("orders")->id;

    lab.register_broker(NodeId(1), 2);

    for (const int index : {0, 1}) {
        const PartitionState* partition = lab.image().find_partition(id, PartitionIndex(index));
        EXPECT_EQ(partition->leader_epoch, LeaderEpoch(1));
        EXPECT_EQ(partition->partition_epoch, 1);
        EXPECT_EQ(partition->leader, NodeId(1));
    }
}

// Kafka's controlled shutdown of the last broker leaves partitions without a leader.
TEST(BrokersTest, WhatNobodyLeadsIsLedByAnInSyncReplicaThatComesBack) {
    ControllerLab lab;
    lab.create("orders", 1);
    const Uuid id = lab.image().find_topic("orders")->id;
    protocol::PartitionChangeRecord change;
    change.partition_id = PartitionIndex(0);
    change.topic_id = id;
    change.leader = no_node;
    lab.replay({change});
    ASSERT_EQ(lab.image().find_partition(id, PartitionIndex(0))->leader, no_node);

    lab.register_broker(NodeId(2), 1);
    EXPECT_EQ(lab.image().find_partition(id, PartitionIndex(0))->leader, no_node)
        << "has no replica";
    lab.register_broker(NodeId(1), 2);
    EXPECT_EQ(lab.image().find_partition(id, PartitionIndex(0))->leader, NodeId(1));
}

// With eligible leader replicas, that shutdown leaves nobody in sync.
TEST(BrokersTest, WhatHasNobodyInSyncIsLedByItsEligibleReplica) {
    ControllerLab lab;
    lab.create("orders", 1);
    const Uuid id = lab.image().find_topic("orders")->id;
    protocol::PartitionChangeRecord change;
    change.partition_id = PartitionIndex(0);
    change.topic_id = id;
    change.isr.emplace();
    change.leader = no_node;
    change.eligible_leader_replicas = {NodeId(1)};
    change.last_known_elr = {NodeId(1)};
    lab.replay({change});

    lab.register_broker(NodeId(1), 2);

    const PartitionState* partition = lab.image().find_partition(id, PartitionIndex(0));
    EXPECT_EQ(partition->leader, NodeId(1));
    EXPECT_EQ(partition->isr, std::vector{NodeId(1)});
    EXPECT_TRUE(partition->eligible_leader_replicas.empty());
    EXPECT_EQ(partition->leader_recovery_state, 0) << "it has everything";
}

TEST(BrokersTest, RefusesTheBrokerOfAnotherCluster) {
    ControllerLab lab;
    const BrokerRegistration stranger{.id = NodeId(3), .cluster_id = "another"};

    const auto answer = lab.ask<Expected<BrokerEpoch, WireError>>(RegisterBroker{stranger});

    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error(), WireError::inconsistent_cluster_id);
}

TEST(BrokersTest, BlocksOfProducerIdsNeverOverlap) {
    ControllerLab lab;
    const BrokerEpoch epoch = lab.image().find_broker(NodeId(1))->epoch;

    const auto first = lab.ask<Block>(AllocateProducerIds{NodeId(1), epoch});
    const auto second = lab.ask<Block>(AllocateProducerIds{NodeId(1), epoch});

    ASSERT_TRUE(first.has_value() && second.has_value());
    EXPECT_EQ(first->first, ProducerId(0));
    EXPECT_EQ(second->first, ProducerId(1000));
}

TEST(BrokersTest, AnOldIncarnationGetsNoProducerIds) {
    ControllerLab lab;
    const BrokerEpoch epoch = lab.image().find_broker(NodeId(1))->epoch;
    lab.register_broker(NodeId(1), 2);

    const auto answer = lab.ask<Block>(AllocateProducerIds{NodeId(1), epoch});

    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error(), WireError::stale_broker_epoch);
}

}  // namespace
}  // namespace glasslog::metadata::test
