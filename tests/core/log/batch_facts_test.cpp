#include "core/log/batch_facts.hpp"

#include "tests/support/golden.hpp"

#include <gtest/gtest.h>

namespace glasslog::log {
namespace {

TEST(BatchFactsTest, ReadsTheBatchesOfKafka) {
    const Bytes file = support::golden("storage/idem-0.log");

    const auto facts = read_facts(file.view());

    ASSERT_TRUE(facts.has_value());
    EXPECT_EQ(*facts,
              (BatchFacts{.base_offset = Offset(0),
                          .last_offset = Offset(1),
                          .leader_epoch = LeaderEpoch(0),
                          .max_timestamp = WallTime::from_milliseconds(1'700'000'000'001),
                          .producer_id = ProducerId(0),
                          .producer_epoch = ProducerEpoch(0),
                          .base_sequence = Sequence(0),
                          .is_transactional = false,
                          .is_control = false,
                          .marker = std::nullopt,
                          .size_bytes = 79}));
    EXPECT_EQ(last_sequence(*facts), Sequence(1));
}

TEST(BatchFactsTest, ReadsTheMarkerThatEndsATransaction) {
    const Bytes file = support::golden("storage/txn-1-3.log");

    const auto facts = read_facts(file.view());

    ASSERT_TRUE(facts.has_value());
    EXPECT_TRUE(facts->is_control);
    ASSERT_TRUE(facts->marker.has_value());
    EXPECT_EQ(facts->marker->kind, EndMarker::Kind::commit);
    EXPECT_EQ(facts->marker->coordinator_epoch, 0);
    EXPECT_EQ(last_sequence(*facts), no_sequence);
}

TEST(BatchFactsTest, CountsSequencesRoundTheirEnd) {
    EXPECT_EQ(sequence_after(Sequence(INT32_MAX), 1), Sequence(0));
    EXPECT_EQ(sequence_after(Sequence(INT32_MAX - 1), 4), Sequence(2));
    EXPECT_EQ(sequence_before(Sequence(0), 1), Sequence(INT32_MAX));
    EXPECT_EQ(sequence_before(Sequence(2), 4), Sequence(INT32_MAX - 1));
    EXPECT_EQ(sequence_before(Sequence(7), 7), Sequence(0));
}

TEST(BatchFactsTest, DecodesOrRefusesEveryDamage) {
    const Bytes file = support::golden("storage/txn-1-3.log");
    const ByteView batch = file.view().first(78);
    const auto decode = [](ByteView damaged) {
        const auto facts = read_facts(damaged);
        if (!facts) return;
        EXPECT_LE(facts->size_bytes, damaged.size());
        EXPECT_LE(facts->base_offset, facts->last_offset);
    };

    support::for_each_truncation(batch, [&](ByteView damaged) {
        EXPECT_FALSE(read_facts(damaged).has_value());
    });
    support::for_each_bit_flip(batch, decode);
}

}  // namespace
}  // namespace glasslog::log
