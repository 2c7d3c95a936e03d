// What a step costs, as counts.

#include "core/replication/partition.hpp"
#include "tests/support/allocations.hpp"
#include "tests/support/row.hpp"

#include <gtest/gtest.h>

namespace glasslog::replication {
namespace {

TEST(PartitionCostTest, AProduceAndItsWriteAllocateTwiceAtMost) {
    Partition partition({}, {});
    const NodeId self(1);
    ignore(partition.step({}, Lead{LeaderEpoch(0), {self}, {self}}), "only the cost matters");
    log::BatchFacts facts;
    facts.size_bytes = 1000;
    facts.producer_id = ProducerId(1);
    facts.producer_epoch = ProducerEpoch(0);
    constexpr int count = 1000;

    const support::Allocations before = support::allocations();
    for (int at = 0; at < count; ++at) {
        facts.base_sequence = Sequence(at);
        ignore(partition.step({}, Produce{.token = RequestToken(1), .facts = facts, .acks = -1}),
               "the batch is appended");
        ignore(partition.step({}, Appended{Offset(at + 1)}), "it is answered");
    }
    const support::Allocations spent = support::allocations() - before;

    EXPECT_EQ(partition.state().high_watermark, Offset(count));
    EXPECT_LE(spent.count, 2U * count);
    support::row("allocations per batch in the partition", spent.count, count);
}

TEST(PartitionCostTest, ACommitAsksTheWatchersOfItsOwnPartitionOnly) {
    Partition partition({}, {});
    const NodeId self(1);
    ignore(partition.step({}, Lead{LeaderEpoch(0), {self}, {self}}), "only the cost matters");
    ignore(partition.step({}, Watch{.token = RequestToken(5), .seen = Offset(0)}), "parked");
    ignore(partition.step({}, Produce{.token = RequestToken(1), .acks = -1}), "appended");

    const Effects effects = partition.step({}, Appended{Offset(1)});

    ASSERT_EQ(effects.news.size(), 1U);
    EXPECT_EQ(effects.news[0].token, RequestToken(5));
}

}  // namespace
}  // namespace glasslog::replication
