// Replicas through their drivers, on the simulated disk.

#include "core/protocol/record_batch.hpp"
#include "tests/core/replication/replica_lab.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace glasslog::replication::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// Base offsets of the batches in a reading.
std::vector<std::int64_t> bases(const ReadResult& result) {
    std::vector<std::int64_t> all;
    const Bytes bytes = result.records.flatten();
    for (ByteView left = bytes.view(); !left.empty();) {
        const auto batch = protocol::BatchView::read(left);
        EXPECT_TRUE(batch.has_value() && batch->is_crc_right());
        if (!batch) break;
        all.push_back(batch->base_offset().value());
        left = left.subspan(batch->size());
    }
    return all;
}

class ReplicaManagerTest : public testing::Test {
protected:
    void start_with(const std::string& topic, Configs configs = {}) {
        ASSERT_TRUE(lab.start());
        lab.create(topic, 1, std::move(configs));
        orders = lab.id(topic);
    }

    // Nobody waits for its answer.
    void append_unawaited() {
        lab.manager().append({.partition = orders,
                              .records = make_batch({}),
                              .acks = 1,
                              .timeout = Duration::seconds(1),
                              .version = protocol::Version(12)},
                             [](AppendResult) {});
    }

    ReplicaLab lab;
    PartitionId orders;
};

TEST_F(ReplicaManagerTest, WhatWasAcknowledgedCanBeRead) {
    start_with("orders");

    const auto first = lab.append(orders, {.count = 2});
    const auto second = lab.append(orders, {.count = 3}, 1);

    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->error, WireError::none);
    EXPECT_EQ(first->base_offset, Offset(0));
    EXPECT_EQ(first->log_append_time, WallTime());
    EXPECT_EQ(second->base_offset, Offset(2));
    const ReadResult read = lab.read(orders, 0);
    EXPECT_THAT(bases(read), ElementsAre(0, 2));
    EXPECT_EQ(read.high_watermark, Offset(5));
    EXPECT_EQ(read.log_start, Offset(0));
}

TEST_F(ReplicaManagerTest, RequestsForALogThatIsOpeningWaitForIt) {
    ASSERT_TRUE(lab.start());
    lab.create("orders");

    ASSERT_EQ(lab.manager().find(lab.id("orders")), nullptr) << "its folder is being made";

    const auto stored = lab.append(lab.id("orders"), {});

    ASSERT_TRUE(stored.has_value());
    EXPECT_EQ(stored->error, WireError::none);
}

TEST_F(ReplicaManagerTest, ADuplicateIsAnsweredWithItsFirstOffset) {
    start_with("orders");
    lab.append(orders, {.count = 2, .producer = 7, .sequence = 0});
    lab.append(orders, {.count = 1, .producer = 7, .sequence = 2});

    const auto again = lab.append(orders, {.count = 2, .producer = 7, .sequence = 0});
    const auto gap = lab.append(orders, {.count = 1, .producer = 7, .sequence = 9});

    EXPECT_EQ(again->error, WireError::none);
    EXPECT_EQ(again->base_offset, Offset(0));
    EXPECT_EQ(gap->error, WireError::out_of_order_sequence_number);
    EXPECT_EQ(gap->base_offset, no_offset);
    EXPECT_EQ(gap->log_start, Offset(0));
    EXPECT_EQ(lab.read(orders, 0).high_watermark, Offset(3));
}

TEST_F(ReplicaManagerTest, RefusesWhatIsNoBatch) {
    start_with("orders", {{"max.message.bytes", "600"}});

    const auto garbage = lab.append_bytes(orders, Bytes::copy_of(as_bytes("garbage")));
    const auto large = lab.append(orders, {.value_bytes = 700});
    const auto acks = lab.append(orders, {}, 2);

    EXPECT_EQ(garbage->error, WireError::invalid_record);
    EXPECT_EQ(garbage->log_start, no_offset);
    EXPECT_EQ(large->error, WireError::message_too_large);
    EXPECT_EQ(acks->error, WireError::invalid_required_acks);
}

TEST_F(ReplicaManagerTest, RefusesWhatIsTooLargeAsItWillBeStored) {
    start_with("orders",
               {{"max.message.bytes", "5000000"},
                {"segment.bytes", "1048576"},
                {"compression.type", "uncompressed"}});
    const auto compressed = [](std::size_t bytes) {
        protocol::BatchBuilder builder(
            {.base_offset = Offset(0), .compression = protocol::Compression::zstd});
        const std::string value(bytes, 'x');
        builder.append({.timestamp = 1000, .value = as_bytes(value)});
        return Payload(builder.build());
    };

    EXPECT_EQ(lab.append_bytes(orders, compressed(500'000))->error, WireError::none);
    EXPECT_EQ(lab.append_bytes(orders, compressed(2'000'000))->error,
              WireError::record_list_too_large);
    EXPECT_EQ(lab.append_bytes(orders, compressed(6'000'000))->error, WireError::message_too_large);
}

TEST_F(ReplicaManagerTest, TheBrokersTimeIsStampedWhenTheTopicSaysSo) {
    start_with("logtime", {{"message.timestamp.type", "LogAppendTime"}});

    const auto stored = lab.append(orders, {.time = 5});

    EXPECT_GE(stored->log_append_time.milliseconds(), 0);
    const ReadResult read = lab.read(orders, 0);
    const Bytes bytes = read.records.flatten();
    const auto batch = protocol::BatchView::read(bytes.view());
    EXPECT_EQ(batch->timestamp_type(), protocol::TimestampType::log_append_time);
    EXPECT_EQ(batch->max_timestamp(), stored->log_append_time.milliseconds());
    EXPECT_TRUE(batch->is_crc_right());
}

// ------------------------------------------------------------------------------------------- reads

TEST_F(ReplicaManagerTest, ALimitedFetchHasWholeBatchesAndAtLeastOne) {
    start_with("orders");
    for (int i = 0; i < 5; ++i)
        lab.append(orders, {.value_bytes = 100});
    const auto size = static_cast<std::int32_t>(lab.read(orders, 0).records.size() / 5);

    EXPECT_THAT(bases(lab.read(orders, 0, 0)), ElementsAre(0));
    EXPECT_THAT(bases(lab.read(orders, 1, 2 * size)), ElementsAre(1, 2));
    EXPECT_THAT(bases(lab.read(orders, 5)), ElementsAre());
    EXPECT_EQ(lab.read(orders, 6).error, WireError::offset_out_of_range);
}

class FetchWaitTest : public ReplicaManagerTest {
protected:
    void start_with(const std::string& topic) {
        ReplicaManagerTest::start_with(topic);
        lab.append(orders, {});
        size = make_batch({}).size();
    }

    void wait(std::uint64_t id, const Seen& seen, std::uint64_t bytes) {
        WaitRequest request{.id = WaitId(id), .bytes = bytes, .max_wait = Duration::seconds(30)};
        request.partitions.push_back({orders, seen});
        lab.manager().wait(std::move(request), [this](WaitEnd how) { ends.push_back(how); });
    }

    void settle() {
        lab.lab().run_until([] { return false; }, Duration::milliseconds(100));
    }

    std::vector<WaitEnd> ends;
    std::uint64_t size = 0;
};

TEST_F(FetchWaitTest, EndsWhenSoManyBytesCame) {
    start_with("orders");
    wait(1, lab.read(orders, 1).seen, 2 * size);

    lab.append(orders, {});
    settle();
    EXPECT_THAT(ends, ElementsAre());
    EXPECT_EQ(lab.manager().parked_fetch_count(), 1U);
    lab.append(orders, {});
    settle();

    EXPECT_THAT(ends, ElementsAre(WaitEnd::came));
    EXPECT_EQ(lab.manager().parked_fetch_count(), 0U);
    EXPECT_TRUE(lab.manager().find(orders)->watchers.empty());
}

TEST_F(FetchWaitTest, WhatCameBetweenTheReadingAndTheWaitIsCountedToTheByte) {
    start_with("orders");
    const Seen seen = lab.read(orders, 1).seen;
    lab.append(orders, {});

    wait(1, seen, size + 1);
    wait(2, seen, size);
    settle();

    EXPECT_THAT(ends, ElementsAre(WaitEnd::came));
    EXPECT_EQ(lab.manager().parked_fetch_count(), 1U);
}

TEST_F(FetchWaitTest, EndsWhenItsTimeIsOver) {
    start_with("orders");
    const Instant before = lab.lab().runtime().clock.now();

    wait(1, lab.read(orders, 1).seen, 1);
    lab.lab().run_until([&] { return !ends.empty(); });

    EXPECT_THAT(ends, ElementsAre(WaitEnd::look));
    EXPECT_GE(lab.lab().runtime().clock.now() - before, Duration::seconds(30));
}

TEST_F(FetchWaitTest, ACancelledOneLeavesNothing) {
    start_with("orders");
    wait(1, lab.read(orders, 1).seen, 1);

    lab.manager().cancel_wait(WaitId(1));
    lab.append(orders, {});
    settle();

    EXPECT_THAT(ends, ElementsAre());
    EXPECT_EQ(lab.manager().parked_fetch_count(), 0U);
    EXPECT_TRUE(lab.manager().find(orders)->watchers.empty());
}

TEST_F(FetchWaitTest, BeyondTheLimitNobodyWaits) {
    lab.options.parked_fetches_max = 2;
    start_with("orders");

    for (std::uint64_t id = 1; id <= 3; ++id)
        wait(id, lab.read(orders, 1).seen, 1);
    settle();

    EXPECT_THAT(ends, ElementsAre(WaitEnd::look));
    EXPECT_EQ(lab.manager().parked_fetch_count(), 2U);
}

TEST_F(FetchWaitTest, AStopEndsAll) {
    start_with("orders");
    wait(1, lab.read(orders, 1).seen, 1);
    wait(2, lab.read(orders, 1).seen, 1);

    lab.manager().end_waits();

    EXPECT_THAT(ends, ElementsAre(WaitEnd::stopping, WaitEnd::stopping));
}

TEST_F(FetchWaitTest, ADeletedTopicIsLookedAt) {
    start_with("orders");
    wait(1, lab.read(orders, 1).seen, 1 << 20);

    lab.remove("orders");
    settle();

    EXPECT_THAT(ends, ElementsAre(WaitEnd::look));
}

TEST_F(ReplicaManagerTest, OffsetsAreFoundByTime) {
    start_with("orders");
    lab.append(orders, {.count = 4, .time = 1'000'000});

    EXPECT_EQ(lab.list_offset(orders, -1)->offset, Offset(4));
    EXPECT_EQ(lab.list_offset(orders, -2)->offset, Offset(0));
    EXPECT_EQ(lab.list_offset(orders, -3)->offset, Offset(3));
    EXPECT_EQ(lab.list_offset(orders, -3)->timestamp, 1'000'003);
    EXPECT_EQ(lab.list_offset(orders, 1'000'002)->offset, Offset(2));
    EXPECT_EQ(lab.list_offset(orders, 1'000'004)->offset, no_offset);
    EXPECT_EQ(lab.list_offset(orders, -7)->error, WireError::unsupported_version);
}

// ----------------------------------------------------------------------------------------- changes

TEST_F(ReplicaManagerTest, ADeletedTopicLeavesNoFolderAndItsNamesakeIsEmpty) {
    start_with("orders");
    lab.append(orders, {.count = 2});

    lab.remove("orders");
    lab.create("orders");
    lab.lab().run_until([&] { return lab.manager().find(lab.id("orders")) != nullptr; });

    EXPECT_EQ(lab.append(orders, {})->error, WireError::unknown_topic_or_partition);
    EXPECT_EQ(lab.append(lab.id("orders"), {})->base_offset, Offset(0));
    lab.lab().run_until([] { return false; }, Duration::seconds(120));
    EXPECT_THAT(lab.lab().image().files(), Not(Contains(HasSubstr("-delete"))));
}

TEST_F(ReplicaManagerTest, ConfigurationsTakeEffectAtOnce) {
    start_with("orders");
    lab.append(orders, {.value_bytes = 700});

    lab.configure("orders", {{"max.message.bytes", "600"}});
    lab.lab().run(Duration::seconds(1));

    EXPECT_EQ(lab.append(orders, {.value_bytes = 700})->error, WireError::message_too_large);
}

TEST_F(ReplicaManagerTest, DeletedRecordsStayDeletedAfterARestart) {
    start_with("orders");
    lab.append(orders, {.count = 10});
    EXPECT_EQ(lab.delete_records(orders, 4)->low_watermark, Offset(4));
    EXPECT_EQ(lab.delete_records(orders, 11)->error, WireError::offset_out_of_range);

    ASSERT_TRUE(lab.stop());
    ASSERT_TRUE(lab.start());

    EXPECT_EQ(lab.read(orders, 3).error, WireError::offset_out_of_range);
    EXPECT_EQ(lab.read(orders, 4).log_start, Offset(4));
    EXPECT_EQ(lab.read(orders, 4).high_watermark, Offset(10));
}

TEST_F(ReplicaManagerTest, ACleanStopKeepsProducersAndEpochs) {
    start_with("orders");
    lab.append(orders, {.producer = 7, .sequence = 0});

    ASSERT_TRUE(lab.stop());
    ASSERT_TRUE(lab.start());

    EXPECT_EQ(lab.append(orders, {.producer = 7, .sequence = 0})->base_offset, Offset(0));
    EXPECT_EQ(lab.append(orders, {.producer = 7, .sequence = 1})->base_offset, Offset(1));
}

TEST_F(ReplicaManagerTest, RetentionDeletesWholeSegments) {
    start_with("orders",
               {{"segment.bytes", "1048576"}, {"retention.bytes", "1"}, {"retention.ms", "-1"}});
    for (int i = 0; i < 4; ++i)
        lab.append(orders, {.value_bytes = 600'000});

    lab.lab().run_until([] { return false; }, Duration::seconds(301));

    EXPECT_EQ(lab.manager().find(orders)->log_start, Offset(3));
    EXPECT_EQ(lab.read(orders, 0).error, WireError::offset_out_of_range);
    EXPECT_THAT(bases(lab.read(orders, 3)), ElementsAre(3));
}

TEST_F(ReplicaManagerTest, CheckpointsHoldEveryPartition) {
    start_with("orders");
    lab.append(orders, {.count = 10});
    lab.delete_records(orders, 4);

    lab.lab().run_until([] { return false; }, Duration::seconds(61));

    const auto contents = [&](const std::string& file) {
        const Bytes bytes = lab.lab().image().contents("data/" + file).value_or(Bytes());
        return std::string(as_text(bytes.view()));
    };
    EXPECT_EQ(contents("replication-offset-checkpoint"), "0\n1\norders 0 10\n");
    EXPECT_EQ(contents("log-start-offset-checkpoint"), "0\n1\norders 0 4\n");
}

TEST_F(ReplicaManagerTest, AFailedDiskEndsTheLogAndIsReportedOnce) {
    start_with("orders", {{"flush.messages", "1"}});
    lab.append(orders, {});
    int reports = 0;
    lab.manager().on_failure([&](const IoError&) { ++reports; });

    lab.lab().world().inject(sim::FailSync{NodeId(1), "data/orders-0/"});
    const auto refused = lab.append(orders, {});

    EXPECT_EQ(refused->error, WireError::kafka_storage_error);
    EXPECT_EQ(lab.append(orders, {})->error, WireError::kafka_storage_error);
    EXPECT_EQ(reports, 1);
}

TEST_F(ReplicaManagerTest, ALogThatFailedIsNotClosedCleanly) {
    start_with("orders", {{"flush.messages", "1"}});
    lab.append(orders, {});
    lab.lab().world().inject(sim::FailSync{NodeId(1), "data/orders-0/"});
    lab.append(orders, {});

    EXPECT_EQ(lab.close_logs(), false);
}

TEST_F(ReplicaManagerTest, ALogThatWasNotOpenedYetIsNotClosedCleanly) {
    ASSERT_TRUE(lab.start());
    lab.create("orders", 3);

    EXPECT_EQ(lab.close_logs(), false) << "nobody looked at what their folders hold";
}

TEST_F(ReplicaManagerTest, CheckpointsThatCannotBeWrittenAreReported) {
    start_with("orders");
    int reports = 0;
    lab.manager().on_failure([&](const IoError&) { ++reports; });

    lab.lab().world().inject(sim::FailSync{NodeId(1), "data/log-start-offset-checkpoint"});
    lab.lab().run_until([] { return false; }, Duration::seconds(61));

    EXPECT_EQ(reports, 1);
}

// The log start of the first "orders" stands in the checkpoint until the next one is written.
TEST_F(ReplicaManagerTest, ANamesakeIsNotTakenForTheDeletedTopic) {
    start_with("orders");
    lab.append(orders, {.count = 10});
    lab.delete_records(orders, 10);
    lab.lab().run_until([] { return false; }, Duration::seconds(61));  // checkpoints
    lab.remove("orders");
    lab.create("orders");
    lab.lab().run_until([&] { return lab.manager().find(lab.id("orders")) != nullptr; });
    EXPECT_EQ(lab.append(lab.id("orders"), {.count = 3})->base_offset, Offset(0));

    lab.crash(std::nullopt);
    ASSERT_TRUE(lab.start());

    EXPECT_THAT(bases(lab.read(lab.id("orders"), 0)), ElementsAre(0));
    EXPECT_EQ(lab.read(lab.id("orders"), 0).log_start, Offset(0));
}

TEST_F(ReplicaManagerTest, AFolderOfNoTopicIsSetAsideNotDeleted) {
    start_with("orders");
    lab.append(orders, {.count = 2});
    ASSERT_TRUE(lab.stop());
    lab.forget_topics();
    ASSERT_TRUE(lab.start());

    lab.lab().run_until([] { return false; }, Duration::seconds(120));

    EXPECT_THAT(lab.lab().image().files(), Contains(HasSubstr("-stray/00000000000000000000.log")));
}

// The machine wants its next sync when the one that runs ends; by then the log is closing.
TEST_F(ReplicaManagerTest, ATopicMayGoWhileItSyncs) {
    start_with("orders", {{"flush.messages", "1"}});
    for (int i = 0; i < 3; ++i)
        append_unawaited();
    lab.remove("orders");

    lab.lab().run(Duration::seconds(120));
    EXPECT_EQ(lab.append(orders, {})->error, WireError::unknown_topic_or_partition);
}

TEST_F(ReplicaManagerTest, AStopWaitsForTheFoldersOfDeletedTopics) {
    start_with("orders");
    lab.append(orders, {.count = 2});
    lab.remove("orders");

    EXPECT_EQ(lab.close_logs(), true);

    EXPECT_THAT(lab.lab().image().files(), Not(Contains(HasSubstr("data/orders-0/"))));
    EXPECT_THAT(lab.lab().image().files(), Contains(HasSubstr("-delete/")));
}

TEST_F(ReplicaManagerTest, AFlushThatIsDueDoesNotDisturbAClose) {
    start_with("orders", {{"flush.ms", "1"}});
    lab.append(orders, {});
    append_unawaited();

    EXPECT_EQ(lab.close_logs(), true);
    EXPECT_TRUE(lab.lab().run(Duration::seconds(10)));
}

TEST_F(ReplicaManagerTest, AFailedLogArmsNoFlush) {
    start_with("orders", {{"flush.ms", "5"}});
    lab.append(orders, {});
    lab.lab().run_until([] { return false; }, Duration::milliseconds(50));
    lab.lab().world().inject(sim::FailSync{NodeId(1), "data/orders-0/"});
    lab.append(orders, {});

    lab.lab().run_until([] { return false; }, Duration::milliseconds(50));
    EXPECT_EQ(lab.append(orders, {})->error, WireError::kafka_storage_error);
}

TEST(ReplicaReactorsTest, EveryPartitionLivesOnItsReactor) {
    ReplicaLab lab(1, 2);
    ASSERT_TRUE(lab.start());
    lab.create("wide", 8);
    lab.lab().run_until([] { return false; }, Duration::seconds(10));

    std::set<ReplicaManager*> used;
    for (std::int32_t index = 0; index < 8; ++index) {
        const PartitionId id = lab.id("wide", index);
        used.insert(&lab.manager(id));
        EXPECT_EQ(lab.append(id, {.count = index + 1})->error, WireError::none) << index;
    }
    EXPECT_EQ(used.size(), 2U);
    ASSERT_TRUE(lab.stop());
    ASSERT_TRUE(lab.start());

    for (std::int32_t index = 0; index < 8; ++index)
        EXPECT_EQ(lab.read(lab.id("wide", index), 0).high_watermark, Offset(index + 1)) << index;
}

// ----------------------------------------------------------------------------------------- crashes

// Appends to two partitions, every batch synced; how many records of each were acknowledged.
std::vector<std::int64_t> work(ReplicaLab& lab) {
    std::vector<std::int64_t> acknowledged{0, 0};
    if (!lab.start()) return acknowledged;
    for (int round = 0; round < 3; ++round) {
        for (const int index : {0, 1}) {
            const auto stored = lab.append(lab.id("orders", index), {.count = 2});
            if (!stored || stored->error != WireError::none) return acknowledged;
            acknowledged[static_cast<std::size_t>(index)] = stored->base_offset.value() + 2;
        }
    }
    return acknowledged;
}

TEST(ReplicaCrashTest, WithFlushMessagesOneNoAcknowledgedRecordIsLostAtAnyBoundary) {
    std::uint64_t boundaries = 0;
    {
        ReplicaLab lab;
        lab.create("orders", 2, {{"flush.messages", "1"}});
        ASSERT_EQ(work(lab), (std::vector<std::int64_t>{6, 6}));
        boundaries = lab.lab().boundaries();
    }
    // Every boundary, under one model of four; storage's own tests try all pairs.
    const std::vector<sim::CrashModel> models = sim::all_crash_models();
    for (std::size_t at = 0; at < models.size(); ++at) {
        const sim::CrashModel& model = models[at];
        for (std::uint64_t k = at % 4; k <= boundaries; k += 4) {
            ReplicaLab lab(k + 1);
            lab.create("orders", 2, {{"flush.messages", "1"}});
            lab.lab().crash_at(k, model);
            const std::vector<std::int64_t> acknowledged = work(lab);
            lab.crash(model);

            ASSERT_TRUE(lab.start()) << k;
            for (const int index : {0, 1}) {
                const ReadResult read = lab.read(lab.id("orders", index), 0);
                ASSERT_GE(read.high_watermark.value(),
                          acknowledged[static_cast<std::size_t>(index)])
                    << sim::text(model) << " at " << k;
            }
        }
    }
}

}  // namespace
}  // namespace glasslog::replication::test
