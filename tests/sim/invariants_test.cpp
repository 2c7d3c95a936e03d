// Each promise can be seen broken: a checker that never speaks proves nothing.

#include "sim/invariants/acked_records_kept.hpp"
#include "sim/invariants/acked_topics_kept.hpp"
#include "sim/invariants/broker_epochs.hpp"
#include "sim/invariants/consumed_in_order.hpp"
#include "sim/invariants/controller_exclusion.hpp"
#include "sim/invariants/high_watermark_sound.hpp"
#include "sim/invariants/log_contiguous.hpp"
#include "sim/invariants/metadata_log_matching.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glasslog::sim {
namespace {

namespace kinds = trace::kinds;
using testing::HasSubstr;
using testing::Optional;

constexpr NodeId b1{1};
constexpr PartitionIndex zero{0};

kinds::BatchAppended batch(std::int64_t base, std::int64_t last) {
    return {.topic = "orders", .partition = zero, .base = Offset(base), .last = Offset(last)};
}

kinds::HighWatermarkMoved watermark(std::int64_t to) {
    return {"orders", zero, Offset(to)};
}

kinds::LogOpened opened(std::int64_t end) {
    return {"orders", zero, Offset(0), Offset(end)};
}

TEST(LogContiguousTest, SeesAHole) {
    LogContiguous promise;
    EXPECT_EQ(promise.see(b1, opened(0)), std::nullopt);
    EXPECT_EQ(promise.see(b1, batch(0, 4)), std::nullopt);
    EXPECT_EQ(promise.see(NodeId(2), batch(9, 9)), std::nullopt) << "another replica";

    EXPECT_THAT(promise.see(b1, batch(6, 6)),
                Optional(HasSubstr("a batch at 6 where the log ends at 5")));
}

TEST(LogContiguousTest, FollowsATruncation) {
    LogContiguous promise;
    ignore(promise.see(b1, batch(0, 9)), "the beginning");
    ignore(promise.see(b1, kinds::LogTruncated{"orders", zero, Offset(5), 0}), "cut");

    EXPECT_EQ(promise.see(b1, batch(5, 5)), std::nullopt);
}

TEST(HighWatermarkSoundTest, SeesItGoBackOrTooFar) {
    HighWatermarkSound promise;
    ignore(promise.see(b1, opened(0)), "the beginning");
    ignore(promise.see(b1, batch(0, 9)), "ten records");
    EXPECT_EQ(promise.see(b1, watermark(10)), std::nullopt);

    EXPECT_THAT(promise.see(b1, watermark(9)), Optional(HasSubstr("from 10 back to 9")));
    EXPECT_THAT(promise.see(b1, watermark(11)), Optional(HasSubstr("beyond the log end 10")));
}

TEST(HighWatermarkSoundTest, BeginsAgainWithANewLife) {
    HighWatermarkSound promise;
    ignore(promise.see(b1, batch(0, 9)), "ten records");
    ignore(promise.see(b1, watermark(10)), "all of them");
    ignore(promise.see(b1, kinds::NodeCrashed{"power"}), "gone");
    ignore(promise.see(b1, opened(4)), "back");

    EXPECT_EQ(promise.see(b1, watermark(4)), std::nullopt);
}

TEST(MetadataLogMatchingTest, SeesTwoImagesAtOneOffset) {
    MetadataLogMatching promise;
    EXPECT_EQ(promise.see_image(b1, Offset(7), 1), std::nullopt);
    EXPECT_EQ(promise.see_image(NodeId(2), Offset(8), 2), std::nullopt);
    EXPECT_EQ(promise.see_image(NodeId(2), Offset(7), 1), std::nullopt);

    EXPECT_THAT(promise.see_image(NodeId(3), Offset(8), 3),
                Optional(HasSubstr("at 8 nodes 2 and 3 know different clusters")));
}

TEST(BrokerEpochsTest, SeesAnEpochTwiceAndOneThatGoesBack) {
    BrokerEpochs promise;
    const Uuid first = Uuid::version_4(1, 1);
    const Uuid second = Uuid::version_4(2, 2);
    EXPECT_EQ(promise.see(Offset(10), b1, BrokerEpoch(5), first), std::nullopt);
    EXPECT_EQ(promise.see(Offset(20), b1, BrokerEpoch(15), second), std::nullopt);
    EXPECT_EQ(promise.see(Offset(12), b1, BrokerEpoch(5), first), std::nullopt) << "a slow node";

    EXPECT_THAT(promise.see(Offset(21), b1, BrokerEpoch(15), first),
                Optional(HasSubstr("two lives of one")));
    EXPECT_THAT(promise.see(Offset(30), b1, BrokerEpoch(5), first),
                Optional(HasSubstr("has epoch 15 at 20 and 5 at 30")));
}

TEST(ControllerExclusionTest, SeesADecisionBeforeTheEpochBeganToBeCommitted) {
    ControllerExclusion promise;
    const LeaderEpoch three(3);
    EXPECT_THAT(promise.see_batch(b1, three, Offset(4), true),
                Optional(HasSubstr("nobody has led")));
    promise.see_leader(b1, three);
    EXPECT_EQ(promise.see_batch(b1, three, Offset(4), true), std::nullopt);

    EXPECT_THAT(promise.see_batch(b1, three, Offset(5), false),
                Optional(HasSubstr("node 1 decides at 5 before its epoch 3")));
    promise.see_committed(b1, three, Offset(5));
    EXPECT_EQ(promise.see_batch(b1, three, Offset(6), false), std::nullopt);
}

TEST(AckedTopicsKeptTest, SeesATopicThatIsNotThereAndOneThatIsAnother) {
    History history;
    const Uuid id = Uuid::version_4(1, 1);
    history.created_topic("a1", history.asked_topic("a1"), id);
    metadata::Image image;
    EXPECT_THAT(acked_topics_kept(history, "c1", image),
                Optional(HasSubstr("topic a1-0 was acknowledged, and c1 does not know it")));

    const auto topic = [&image](const Uuid& one) {
        image.topics = image.topics.with(
            "a1-0",
            std::make_shared<const metadata::Topic>(metadata::Topic{"a1-0", one, {}}));
    };
    topic(Uuid::version_4(2, 2));
    EXPECT_THAT(acked_topics_kept(history, "c1", image), Optional(HasSubstr("knows it as")));
    topic(id);
    EXPECT_EQ(acked_topics_kept(history, "c1", image), std::nullopt);
}

class HistoryTest : public testing::Test {
protected:
    // Hands a record over and acknowledges it at `offset`.
    void ack(std::int64_t offset) {
        const std::int64_t number = history_.produced("p1");
        history_.acked("p1", number, {orders_, Offset(offset), WallTime()});
    }

    client::ConsumedRecord record(std::int64_t offset, std::int64_t number) {
        client::ConsumedRecord out;
        out.partition = orders_;
        out.offset = Offset(offset);
        out.value = record_value("p1", number, 20);
        return out;
    }

    client::TopicPartition orders_{"orders", zero};
    History history_;
};

TEST_F(HistoryTest, AnAckedRecordThatIsNotThereIsLost) {
    ack(0);
    ack(1);
    history_.audited(record(0, 0));

    EXPECT_THAT(acked_records_kept(history_),
                Optional(HasSubstr("1 of 2 acked records of p1 are lost; the first: record 1")));
}

TEST_F(HistoryTest, AnAckedRecordAtAnotherOffsetIsLost) {
    ack(0);
    history_.audited(record(1, 0));

    EXPECT_THAT(acked_records_kept(history_), Optional(HasSubstr("are lost")));
}

TEST_F(HistoryTest, OnlyAnIdempotentProducerMustNotBeStoredTwice) {
    ack(0);
    history_.audited(record(0, 0));
    history_.audited(record(1, 0));
    EXPECT_EQ(acked_records_kept(history_), std::nullopt);

    history_.producer("p1").is_idempotent = true;

    EXPECT_THAT(acked_records_kept(history_), Optional(HasSubstr("stored twice")));
}

TEST_F(HistoryTest, RecordsThatChangedPlacesAreSeen) {
    ack(1);
    ack(0);
    history_.audited(record(0, 1));
    history_.audited(record(1, 0));

    EXPECT_THAT(acked_records_kept(history_), Optional(HasSubstr("changed places")));
}

TEST_F(HistoryTest, AConsumersGapAndRepeatAreSeen) {
    history_.consumed("c1", record(5, 0));
    history_.consumed("c1", record(6, 1));
    EXPECT_EQ(consumed_in_order(history_), std::nullopt) << "the audit tells where the log begins";

    history_.consumed("c1", record(8, 2));
    history_.consumed("c1", record(8, 2));

    EXPECT_THAT(consumed_in_order(history_), Optional(HasSubstr("1 gaps and 1 repeats")));
    EXPECT_THAT(consumed_in_order(history_), Optional(HasSubstr("offset 8 came where 7 was next")));
}

TEST_F(HistoryTest, EachRecordThatCameAgainIsARepeat) {
    for (const std::int64_t offset : {0, 1, 2, 3, 0, 1, 2, 3, 4})
        history_.consumed("c1", record(offset, offset));

    EXPECT_EQ(history_.consumer("c1").repeats, 4);
    EXPECT_EQ(history_.consumer("c1").gaps, 0);
}

TEST_F(HistoryTest, AConsumerThatWasNotGivenTheFirstRecordsIsSeen) {
    history_.consumed("c1", record(5, 5));
    history_.audited(record(4, 4));
    history_.audited(record(5, 5));
    EXPECT_EQ(consumed_in_order(history_), std::nullopt);

    EXPECT_THAT(consumed_is_in_log(history_),
                Optional(HasSubstr("began at orders-0 offset 5, and the log holds 4")));
}

TEST_F(HistoryTest, AConsumerMayBeginAtTheLogStart) {
    history_.consumed("c1", record(5, 5));
    history_.audited(record(5, 5));

    EXPECT_EQ(consumed_is_in_log(history_), std::nullopt);
}

TEST_F(HistoryTest, ARecordThatTheLogDoesNotHoldWasNotThere) {
    history_.consumed("c1", record(0, 0));
    history_.audited(record(0, 7));

    EXPECT_THAT(consumed_is_in_log(history_), Optional(HasSubstr("which the log does not hold")));
}

}  // namespace
}  // namespace glasslog::sim
