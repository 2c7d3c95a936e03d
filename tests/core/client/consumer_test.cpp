#include "core/client/consumer.hpp"

#include "core/protocol/batch_builder.hpp"
#include "tests/core/client/rig.hpp"

#include <optional>

namespace glasslog::client {
namespace {

using protocol::WireError;

class ConsumerTest : public ClientRoomTest {
protected:
    using Records = std::vector<ConsumedRecord>;
    using Result = Expected<Records, ClientError>;

    void TearDown() override {
        consumer_.reset();
        ClientRoomTest::TearDown();
    }

    void make(const ConsumerConfig& config) {
        consumer_ = std::make_unique<Consumer>(runtime(), cluster_config(), config);
    }

    // One batch with the values first, first + 1, …
    static Bytes batch_of(int first,
                          int count,
                          protocol::Compression codec = protocol::Compression::none) {
        protocol::BatchBuilder builder({.compression = codec});
        for (int i = first; i < first + count; ++i) {
            const std::string value = std::to_string(i);
            builder.append({.timestamp = 1000 + i, .value = as_bytes(value)});
        }
        return builder.build();
    }

    Result poll(std::size_t max = 1000, Duration timeout = Duration::seconds(5)) {
        std::optional<Result> result;
        consumer_->poll(max, timeout, [&](Result given) { result.emplace(std::move(given)); });
        EXPECT_TRUE(run_until([&] { return result.has_value(); }));
        return std::move(*result);
    }

    // Values until `count` came.
    std::vector<std::string> take(std::size_t count) {
        std::vector<std::string> values;
        while (values.size() < count) {
            const Result records = poll();
            if (!records || records->empty()) break;
            for (const ConsumedRecord& record : *records)
                values.emplace_back(as_text(record.value->view()));
        }
        return values;
    }

    static std::vector<std::string> numbers(int first, int end) {
        std::vector<std::string> texts;
        for (int i = first; i < end; ++i)
            texts.push_back(std::to_string(i));
        return texts;
    }

    const TopicPartition partition_{"orders", PartitionIndex{0}};
    std::unique_ptr<Consumer> consumer_;
};

TEST_F(ConsumerTest, ReadsEveryCodecFromTheBeginning) {
    using protocol::Compression;
    int next = 0;
    for (const Compression codec : {Compression::none,
                                    Compression::gzip,
                                    Compression::snappy,
                                    Compression::lz4,
                                    Compression::zstd}) {
        broker_.append(0, batch_of(next, 10, codec));
        next += 10;
    }
    make({});

    consumer_->assign({{partition_, Earliest{}}});

    EXPECT_EQ(take(50), numbers(0, 50));
    EXPECT_EQ(consumer_->position(partition_), Offset{50});
    EXPECT_EQ(consumer_->high_watermark(partition_), Offset{50});
}

TEST_F(ConsumerTest, BeginsInTheMiddleOfABatch) {
    broker_.append(0, batch_of(0, 10));
    make({});

    consumer_->assign({{partition_, Offset{7}}});

    EXPECT_EQ(take(3), numbers(7, 10));
}

TEST_F(ConsumerTest, GivesNoMoreThanAskedForAndLosesNothing) {
    broker_.append(0, batch_of(0, 10));
    make({});
    consumer_->assign({{partition_, Offset{0}}});

    const Result first = poll(3);
    const Offset position = *consumer_->position(partition_);
    const Result second = poll(100);

    EXPECT_EQ(first->size(), 3U);
    EXPECT_EQ(position, Offset{3});
    EXPECT_EQ(second->size(), 7U);
    EXPECT_EQ(second->front().offset, Offset{3});
}

TEST_F(ConsumerTest, WaitsForRecordsFromTheEnd) {
    broker_.append(0, batch_of(0, 10));
    make({});
    consumer_->assign({{partition_, Latest{}}});

    EXPECT_TRUE(poll(10, Duration::milliseconds(50))->empty());
    broker_.append(0, batch_of(10, 2));

    EXPECT_EQ(take(2), numbers(10, 12));
}

TEST_F(ConsumerTest, FetchesAheadWithoutGapOrRepeat) {
    for (int i = 0; i < 100; ++i)
        broker_.append(0, batch_of(i * 10, 10));
    make({.partition_fetch_bytes_max = 500});

    consumer_->assign({{partition_, Offset{0}}});

    EXPECT_EQ(take(1000), numbers(0, 1000));
    EXPECT_GT(consumer_->counters().fetch_count, 10U);
}

TEST_F(ConsumerTest, GoesOnAfterErrorsThatPass) {
    broker_.append(0, batch_of(0, 10));
    broker_.fetch_errors = {WireError::not_leader_or_follower,
                            WireError::unknown_topic_or_partition,
                            WireError::offset_not_available};
    make({});

    consumer_->assign({{partition_, Offset{0}}});

    EXPECT_EQ(take(10), numbers(0, 10));
    EXPECT_GE(broker_.metadata_count, 3);
}

TEST_F(ConsumerTest, TellsAnErrorThatDoesNotPass) {
    broker_.fetch_errors = {WireError::topic_authorization_failed};
    make({});
    consumer_->assign({{partition_, Offset{0}}});

    const Result result = poll();

    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, WireError::topic_authorization_failed);
}

TEST_F(ConsumerTest, MovesToAnEndOfTheLogWhenItsPositionIsOutOfRange) {
    broker_.append(0, batch_of(0, 10));
    broker_.append(0, batch_of(10, 10));
    broker_.logs[0].start = 10;
    make({.out_of_range = OutOfRange::earliest});

    consumer_->assign({{partition_, Offset{3}}});

    EXPECT_EQ(take(10), numbers(10, 20));
    EXPECT_EQ(consumer_->counters().reset_count, 1U);
}

TEST_F(ConsumerTest, TellsThatItsPositionIsOutOfRangeWhenItMayNotMove) {
    make({.out_of_range = OutOfRange::fail});
    consumer_->assign({{partition_, Offset{3}}});

    const Result result = poll();

    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().cause, Cause::out_of_range);
}

TEST_F(ConsumerTest, GivesNoRecordOfABatchWithAWrongChecksum) {
    broker_.append(0, batch_of(0, 2));
    broker_.append(0, batch_of(2, 2));
    std::vector<std::uint8_t> damaged(broker_.logs[0].batches[1].view().begin(),
                                      broker_.logs[0].batches[1].view().end());
    damaged.back() ^= 1;
    broker_.logs[0].batches[1] = Bytes::from(std::move(damaged));
    make({});
    consumer_->assign({{partition_, Offset{0}}});

    EXPECT_EQ(take(2), numbers(0, 2));
    const Result result = poll();

    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().cause, Cause::corrupt);
    EXPECT_NE(result.error().detail.find("offset 2"), std::string::npos) << result.error().detail;
}

TEST_F(ConsumerTest, PassesOverControlBatches) {
    broker_.append(0, batch_of(0, 1));
    broker_.append(0,
                   protocol::single_record_batch({.is_transactional = true,
                                                  .is_control = true,
                                                  .producer_id = ProducerId{1},
                                                  .producer_epoch = ProducerEpoch{0}},
                                                 {.key = as_bytes("\0\0\0\1")}));
    broker_.append(0, batch_of(2, 1));
    make({});

    consumer_->assign({{partition_, Offset{0}}});

    EXPECT_EQ(take(2), (std::vector<std::string>{"0", "2"}));
    EXPECT_EQ(consumer_->position(partition_), Offset{3});
}

TEST_F(ConsumerTest, ForgetsWhatItFetchedWhenItSeeks) {
    broker_.append(0, batch_of(0, 10));
    make({});
    consumer_->assign({{partition_, Offset{0}}});
    ASSERT_EQ(poll(2)->size(), 2U);

    consumer_->seek(partition_, Offset{5});

    EXPECT_EQ(take(5), numbers(5, 10));
}

TEST_F(ConsumerTest, ServesEveryPartition) {
    broker_.append(0, batch_of(0, 10));
    broker_.append(1, batch_of(100, 10));
    make({});
    const TopicPartition other{"orders", PartitionIndex{1}};

    consumer_->assign({{partition_, Offset{0}}, {other, Offset{0}}});

    EXPECT_EQ(take(20).size(), 20U);
    EXPECT_EQ(consumer_->position(partition_), Offset{10});
    EXPECT_EQ(consumer_->position(other), Offset{10});
}

}  // namespace
}  // namespace glasslog::client
