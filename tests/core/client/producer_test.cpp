#include "core/client/producer.hpp"

#include "tests/core/client/rig.hpp"

#include <optional>

namespace glasslog::client {
namespace {

using protocol::WireError;
using Fate = FakeBroker::Fate;

class ProducerTest : public ClientRoomTest {
protected:
    using Result = Expected<RecordPlace, ClientError>;

    void TearDown() override {
        producer_.reset();
        ClientRoomTest::TearDown();
    }

    void make(const ProducerConfig& config) {
        producer_ = std::make_unique<Producer>(runtime(), cluster_config(), config);
    }

    // Metadata and producer id are known afterwards, so that each batch leaves when it is ready.
    void make_warm(const ProducerConfig& config) {
        make(config);
        results_.clear();
        ASSERT_TRUE(produce("warm"));
        ASSERT_TRUE(await_all());
        results_.clear();
        broker_.produced.clear();
    }

    // What came after the warming up.
    std::vector<std::string> values() const {
        std::vector<std::string> all = broker_.values(0);
        if (!all.empty() && all.front() == "warm") all.erase(all.begin());
        return all;
    }

    static NewRecord record(const std::string& value) {
        NewRecord made;
        made.topic = "orders";
        made.value = Bytes::copy_of(as_bytes(value));
        return made;
    }

    bool produce(const std::string& value) {
        const std::size_t index = results_.size();
        results_.emplace_back();
        return producer_
            ->produce(record(value),
                      [this, index](Result result) { results_[index].emplace(std::move(result)); })
            .has_value();
    }

    // One record a batch when there is a pause between them.
    void produce_apart(int count) {
        for (int i = 0; i < count; ++i) {
            ASSERT_TRUE(produce(std::to_string(i)));
            world_.run_for(Duration::microseconds(200));
        }
    }

    bool await_all() {
        return run_until([this] {
            for (const auto& result : results_) {
                if (!result.has_value()) return false;
            }
            return true;
        });
    }

    static std::vector<std::string> numbers(int count) {
        std::vector<std::string> texts;
        for (int i = 0; i < count; ++i)
            texts.push_back(std::to_string(i));
        return texts;
    }

    std::unique_ptr<Producer> producer_;
    std::vector<std::optional<Result>> results_;
};

constexpr ProducerConfig eager{.linger = Duration{}};

TEST_F(ProducerTest, PutsRecordsThatComeTogetherIntoOneBatch) {
    make({.linger = Duration::milliseconds(5)});

    for (int i = 0; i < 10; ++i)
        ASSERT_TRUE(produce(std::to_string(i)));

    ASSERT_TRUE(await_all());
    EXPECT_EQ(broker_.logs[0].batches.size(), 1U);
    EXPECT_EQ(broker_.values(0), numbers(10));
    for (std::size_t i = 0; i < 10; ++i)
        EXPECT_EQ((*results_[i])->offset, Offset{static_cast<std::int64_t>(i)});
}

TEST_F(ProducerTest, StartsANewBatchWhenOneIsFull) {
    make({.batch_bytes = 200, .linger = Duration::seconds(1)});

    for (int i = 0; i < 40; ++i)
        ASSERT_TRUE(produce(std::to_string(i)));

    ASSERT_TRUE(await_all());
    EXPECT_GT(broker_.logs[0].batches.size(), 2U);
    EXPECT_EQ(broker_.values(0), numbers(40));
}

TEST_F(ProducerTest, CompressesWithEveryCodec) {
    using protocol::Compression;
    for (const Compression codec :
         {Compression::gzip, Compression::snappy, Compression::lz4, Compression::zstd}) {
        make({.compression = codec});
        results_.clear();
        const std::string value(1000, 'v');

        ASSERT_TRUE(produce(value));

        ASSERT_TRUE(await_all());
        const Bytes& batch = broker_.logs[0].batches.back();
        EXPECT_EQ(protocol::BatchView::read(batch.view())->compression(), codec);
        EXPECT_EQ(broker_.values(0).back(), value);
    }
}

TEST_F(ProducerTest, KeepsTheOrderWhenABatchIsRefusedForNow) {
    for (const Idempotence idempotence : {Idempotence::on, Idempotence::off}) {
        broker_.logs[0] = {};
        make_warm({.idempotence = idempotence, .linger = Duration{}});
        broker_.orders = {{},
                          {Fate::refuse, WireError::not_leader_or_follower},
                          {},
                          {Fate::refuse, WireError::not_enough_replicas}};

        produce_apart(20);

        ASSERT_TRUE(await_all());
        EXPECT_EQ(values(), numbers(20));
        EXPECT_GT(producer_->counters().retry_count, 0U);
    }
}

TEST_F(ProducerTest, WritesNothingTwiceWhenAnswersAreLost) {
    make_warm(eager);
    broker_.orders = {{}, {}, {Fate::drop, {}}, {}, {}, {Fate::drop, {}}};

    produce_apart(30);

    ASSERT_TRUE(await_all());
    EXPECT_EQ(values(), numbers(30));
    for (std::size_t i = 0; i < 30; ++i)
        EXPECT_EQ((*results_[i])->offset, Offset{static_cast<std::int64_t>(i) + 1});
}

TEST_F(ProducerTest, StartsANewEpochAfterABatchHasFailed) {
    make_warm(eager);
    broker_.orders = {{}, {Fate::refuse, WireError::message_too_large}};

    produce_apart(5);

    ASSERT_TRUE(await_all());
    EXPECT_EQ(producer_->counters().failed_count, 1U);
    EXPECT_EQ(results_[1]->error().code, WireError::message_too_large);
    EXPECT_EQ(values(), (std::vector<std::string>{"0", "2", "3", "4"}));
    const auto last = protocol::BatchView::read(broker_.logs[0].batches.back().view());
    EXPECT_EQ(last->producer_epoch(), ProducerEpoch{1});
}

TEST_F(ProducerTest, FailsARecordThatTheBrokerHasLostTheSequenceOfAndGoesOn) {
    make_warm(eager);
    produce_apart(3);
    ASSERT_TRUE(await_all());
    broker_.logs[0] = {};  // as after a power loss that took the log and what it knew

    broker_.logs[0].next_sequence[broker_.next_producer_id - 1] = 1;
    ASSERT_TRUE(produce("lost"));
    ASSERT_TRUE(await_all());
    ASSERT_TRUE(produce("next"));
    ASSERT_TRUE(await_all());

    EXPECT_EQ(results_[3]->error().code, WireError::out_of_order_sequence_number);
    EXPECT_EQ(values(), std::vector<std::string>{"next"});
}

TEST_F(ProducerTest, RefusesARecordThatItsBufferCannotHold) {
    make({.linger = Duration::seconds(1), .buffer_bytes_max = 1000});
    while (produce(std::string(100, 'x'))) {
    }
    results_.pop_back();

    const Expected<void, ClientError> refused =
        producer_->produce(record(std::string(100, 'x')), {});

    EXPECT_EQ(refused.error().cause, Cause::full);
    EXPECT_LE(producer_->buffered_bytes(), 1000U);
    ASSERT_TRUE(await_all());
    EXPECT_EQ(producer_->buffered_bytes(), 0U);
    EXPECT_TRUE(produce("again"));
}

TEST_F(ProducerTest, RefusesARecordAboveTheRequestSize) {
    make({.request_bytes_max = 1000});

    const auto refused = producer_->produce(record(std::string(1000, 'x')), {});

    EXPECT_EQ(refused.error().cause, Cause::too_large);
}

TEST_F(ProducerTest, GivesUpAfterTheDeliveryTimeout) {
    make({.linger = Duration{}, .delivery_timeout = Duration::seconds(3)});
    for (int i = 0; i < 1000; ++i)
        broker_.orders.push_back({Fate::refuse, WireError::not_leader_or_follower});
    const Instant before = world_.now();

    ASSERT_TRUE(produce("never"));

    ASSERT_TRUE(await_all());
    EXPECT_FALSE(results_[0]->has_value());
    EXPECT_LE(world_.now() - before, Duration::milliseconds(3500));
}

TEST_F(ProducerTest, TellsWhyARecordFoundNoPartition) {
    make({.delivery_timeout = Duration::seconds(2)});
    NewRecord lost = record("x");
    lost.partition = PartitionIndex{5};
    results_.emplace_back();

    ASSERT_TRUE(producer_->produce(std::move(lost), [this](Result result) {
        results_[0].emplace(std::move(result));
    }));

    ASSERT_TRUE(await_all());
    EXPECT_EQ(results_[0]->error().code, WireError::unknown_topic_or_partition);
    EXPECT_NE(results_[0]->error().detail.find("1 partitions"), std::string::npos);
}

TEST_F(ProducerTest, SendsWithoutLingeringWhenFlushed) {
    make({.linger = Duration::seconds(100)});
    bool is_flushed = false;
    ASSERT_TRUE(produce("now"));

    producer_->flush([&] { is_flushed = true; });

    ASSERT_TRUE(world_.run_until([&] { return is_flushed; }, Duration::seconds(2)));
    EXPECT_TRUE(results_[0]->has_value());
}

TEST_F(ProducerTest, HoldsNoMoreThanFiveBatchesOfAPartitionInFlight) {
    make_warm(eager);
    broker_.is_silent = true;

    produce_apart(20);

    EXPECT_EQ(broker_.produced.size(), 5U);
    EXPECT_EQ(values().size(), 5U);
}

TEST_F(ProducerTest, SpreadsRecordsWithoutKeysAndKeepsKeysTogether) {
    for (int partition = 1; partition < 4; ++partition)
        broker_.logs[partition];
    make({.batch_bytes = 200, .linger = Duration::milliseconds(1)});

    for (int i = 0; i < 200; ++i)
        ASSERT_TRUE(produce(std::to_string(i)));
    for (int i = 0; i < 10; ++i) {
        NewRecord keyed = record("k");
        keyed.key = Bytes::copy_of(as_bytes("foobar"));
        ASSERT_TRUE(producer_->produce(std::move(keyed), {}));
    }
    bool is_flushed = false;
    producer_->flush([&] { is_flushed = true; });
    ASSERT_TRUE(run_until([&] { return is_flushed; }));

    int used = 0;
    for (int partition = 0; partition < 4; ++partition) {
        const auto values = broker_.values(partition);
        used += values.empty() ? 0 : 1;
        const auto keyed = std::count(values.begin(), values.end(), "k");
        // murmur2("foobar") without its sign is 1357151166, which is 2 modulo 4.
        EXPECT_EQ(keyed, partition == 2 ? 10 : 0);
    }
    EXPECT_GE(used, 3);
}

TEST_F(ProducerTest, SendsWithAcksZeroAndLearnsNoOffset) {
    make({.acks = Acks::none, .linger = Duration{}});

    produce_apart(10);

    ASSERT_TRUE(await_all());
    ASSERT_TRUE(run_until([&] { return broker_.values(0).size() == 10; }));
    EXPECT_EQ(broker_.values(0), numbers(10));
    EXPECT_EQ((*results_[0])->offset, no_offset);
}

}  // namespace
}  // namespace glasslog::client
