#include "core/storage/partition_log.hpp"

#include "tests/core/storage/storage_lab.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace glasslog::storage::test {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

constexpr std::int64_t t0 = 1'700'000'000'000;

LogConfig small_segments(std::uint64_t bytes = 400) {
    LogConfig config;
    config.segment_bytes = bytes;
    config.tail_bytes_max = 0;  // every read goes to the disk
    return config;
}

// Ten batches of two records, offsets 0-19; `text` is what was written.
std::string fill(StorageLab& lab, int batches = 10) {
    std::string text;
    for (int i = 0; i < batches; ++i) {
        const BatchSpec spec{.base = 2 * i, .count = 2, .time = t0 + 10 * i};
        EXPECT_TRUE(lab.append(spec)) << i;
        text += as_text(make_batch(spec).view());
    }
    return text;
}

TEST(PartitionLogTest, BeginsEmptyWithOneSegment) {
    StorageLab lab;

    const Loaded loaded = lab.must_open();

    EXPECT_EQ(loaded.log_start, Offset(0));
    EXPECT_EQ(loaded.log_end, Offset(0));
    EXPECT_EQ(lab.files(),
              (std::vector<std::string>{"00000000000000000000.index",
                                        "00000000000000000000.log",
                                        "00000000000000000000.timeindex"}));
}

TEST(PartitionLogTest, StoresTheBytesThatCameIn) {
    StorageLab lab;
    lab.must_open();

    const std::string text = fill(lab);

    EXPECT_EQ(as_text(lab.contents(Offset(0), SegmentFile::log).view()), text);
    EXPECT_EQ(lab.log().log_end(), Offset(20));
    EXPECT_EQ(lab.log().size_bytes(), text.size());
}

TEST(PartitionLogTest, MovesItsEndWhenAnAppendIsIssued) {
    StorageLab lab;
    lab.must_open();
    const Bytes batch = make_batch({.base = 0, .count = 3});

    lab.log().append({batch, facts_of(batch)}, [](auto) {});

    EXPECT_EQ(lab.log().log_end(), Offset(3));
    EXPECT_EQ(lab.log().synced_end(), Offset(0));
}

TEST(PartitionLogTest, ReadsItsTailFromMemory) {
    StorageLab lab;
    lab.must_open();
    const std::string text = fill(lab);
    const std::uint64_t events = lab.lab().boundaries();

    const auto result = lab.log().read_cached(
        {.from = Offset(5), .upto = Offset(20), .max_bytes = 1 << 20, .min_one_batch = true});

    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(result->first, Offset(4));
    EXPECT_EQ(result->next, Offset(20));
    const Bytes read = result->batches.flatten();
    EXPECT_TRUE(text.ends_with(as_text(read.view())));
    EXPECT_EQ(lab.lab().boundaries(), events);
}

TEST(PartitionLogTest, KeepsNoMoreOfItsTailThanItMay) {
    LogConfig config;
    config.tail_batch_count_max = 3;
    StorageLab lab(config);
    lab.must_open();
    fill(lab);

    const auto cached = [&](int from) {
        return lab.log()
            .read_cached({.from = Offset(from), .upto = Offset(20), .max_bytes = 1 << 20})
            .has_value();
    };

    EXPECT_FALSE(cached(13));
    EXPECT_TRUE(cached(14));
}

TEST(PartitionLogTest, ReadsWholeBatchesFromTheDisk) {
    StorageLab lab(small_segments(1 << 20));
    lab.must_open();
    const std::string text = fill(lab);

    EXPECT_EQ(lab.read_all(Offset(0)), text);
    EXPECT_EQ(lab.read_all(Offset(0), 1), text) << "one batch at a time";
    EXPECT_EQ(lab.read_all(Offset(9)), text.substr(text.size() / 10 * 4));
}

TEST(PartitionLogTest, ReadsAcrossSegments) {
    StorageLab lab(small_segments());
    lab.must_open();
    const std::string text = fill(lab);

    EXPECT_GT(lab.log().segments().size(), 2U);
    EXPECT_EQ(lab.read_all(Offset(0)), text);
    EXPECT_EQ(lab.read_all(Offset(0), 150), text);
}

TEST(PartitionLogTest, ReturnsNothingThatEndsAboveTheLimit) {
    StorageLab lab(small_segments(1 << 20));
    lab.must_open();
    fill(lab);

    const auto result = lab.await<ReadResult>([&](auto done) {
        lab.log().read({.from = Offset(2), .upto = Offset(7), .max_bytes = 1 << 20},
                       std::move(done));
    });

    ASSERT_TRUE(result && *result);
    EXPECT_EQ((*result)->first, Offset(2));
    EXPECT_EQ((*result)->next, Offset(6));
}

TEST(PartitionLogTest, ReturnsNoFirstBatchAboveTheLimitUnlessAsked) {
    StorageLab lab(small_segments(1 << 20));
    lab.must_open();
    fill(lab);
    const auto read = [&](bool min_one_batch) {
        const auto result = lab.await<ReadResult>([&](auto done) {
            lab.log().read({.from = Offset(4),
                            .upto = Offset(20),
                            .max_bytes = 10,
                            .min_one_batch = min_one_batch},
                           std::move(done));
        });
        return result && *result ? (*result)->next : no_offset;
    };

    EXPECT_EQ(read(false), Offset(4));
    EXPECT_EQ(read(true), Offset(6));
}

TEST(PartitionLogTest, ReadsABatchLargerThanItsFirstChunk) {
    StorageLab lab(small_segments(1 << 26));
    lab.must_open();
    ASSERT_TRUE(lab.append({.base = 0, .count = 1}));
    const BatchSpec large{.base = 1, .count = 3, .value_bytes = 900'000};
    ASSERT_TRUE(lab.append(large));

    EXPECT_EQ(lab.read_all(Offset(1), 1), as_text(make_batch(large).view()));
}

TEST(PartitionLogTest, RefusesReadsOutsideOfTheLog) {
    StorageLab lab;
    lab.must_open();
    fill(lab);
    const auto result = lab.await<ReadResult>([&](auto done) {
        lab.log().read({.from = Offset(21), .upto = Offset(30), .max_bytes = 100}, std::move(done));
    });

    ASSERT_TRUE(result.has_value());
    ASSERT_FALSE(result->has_value());
    EXPECT_EQ(result->error().code, IoCode::not_found);
}

TEST(PartitionLogTest, RollsBySize) {
    StorageLab lab(small_segments(400));
    lab.must_open();

    fill(lab);

    Offset expected(0);
    for (const SegmentSummary& segment : lab.log().segments()) {
        EXPECT_EQ(segment.base, expected);
        EXPECT_LE(segment.size_bytes, 400U);
        expected = segment.end;
    }
    EXPECT_EQ(expected, Offset(20));
}

TEST(PartitionLogTest, RollsByTheTimesOfItsRecords) {
    LogConfig config;
    config.segment_time = Duration::seconds(60);
    StorageLab lab(config);
    lab.must_open();

    ASSERT_TRUE(lab.append({.base = 0, .time = t0}));
    ASSERT_TRUE(lab.append({.base = 1, .time = t0 + 60'000}));
    EXPECT_EQ(lab.log().segments().size(), 1U);
    ASSERT_TRUE(lab.append({.base = 2, .time = t0 + 60'001}));

    EXPECT_EQ(lab.log().segments().size(), 2U);
    EXPECT_EQ(lab.log().segments()[1].base, Offset(2));
}

TEST(PartitionLogTest, RollsWhenAnIndexIsFull) {
    LogConfig config;
    config.indexes = {.interval_bytes = 1, .index_bytes_max = 48};
    StorageLab lab(config);
    lab.must_open();

    fill(lab);
    lab.lab().run();

    EXPECT_GT(lab.log().segments().size(), 2U);
    EXPECT_EQ(lab.contents(Offset(0), SegmentFile::time_index).size(), 36U)
        << "three of four: the last one is for the roll, which had nothing to add";
}

TEST(PartitionLogTest, WritesTheIndexesOfASealedSegment) {
    LogConfig config = small_segments(1 << 20);
    config.indexes.interval_bytes = 200;
    StorageLab lab(config);
    lab.must_open();
    fill(lab);

    const auto rolled = lab.await<void>([&](auto done) { lab.log().roll(std::move(done)); });
    ASSERT_TRUE(rolled && *rolled);
    lab.lab().run();

    const Bytes log = lab.contents(Offset(0), SegmentFile::log);
    const Bytes file = lab.contents(Offset(0), SegmentFile::offset_index);
    const auto index = decode_offset_index(file.view(), {Offset(0), log.size()}, Padding::none);
    ASSERT_TRUE(index.has_value());
    // Batches of 117 bytes: the third one is the first with more than 200 bytes before it.
    ASSERT_EQ(index->entries().size(), 4U);
    for (const OffsetIndexEntry& entry : index->entries()) {
        const auto facts =
            log::read_facts(log.view().subspan(static_cast<std::size_t>(entry.position)));
        ASSERT_TRUE(facts.has_value());
        EXPECT_EQ(facts->last_offset, Offset(entry.relative_offset));
    }
    const Bytes times = lab.contents(Offset(0), SegmentFile::time_index);
    const auto time_index = decode_time_index(times.view(), Offset(0), Padding::none);
    ASSERT_TRUE(time_index.has_value());
    EXPECT_EQ(time_index->entries().back(),
              (TimestampOffset{WallTime::from_milliseconds(t0 + 91), Offset(19)}));
}

TEST(PartitionLogTest, FindsTheFirstRecordOfATime) {
    for (const std::uint64_t segment_bytes : {400U, 1U << 20U}) {
        LogConfig config = small_segments(segment_bytes);
        config.indexes.interval_bytes = 100;
        StorageLab lab(config);
        lab.must_open();
        fill(lab);  // offset 2i at t0 + 10i, offset 2i + 1 a millisecond later
        const auto find = [&](std::int64_t time) -> std::int64_t {
            const auto found = lab.await<std::optional<RecordPosition>>([&](auto done) {
                lab.log().offset_for_timestamp(WallTime::from_milliseconds(time), std::move(done));
            });
            if (!found || !*found) return -2;
            return (**found).has_value() ? (**found)->offset.value() : -1;
        };

        EXPECT_EQ(find(0), 0);
        EXPECT_EQ(find(t0), 0);
        EXPECT_EQ(find(t0 + 1), 1);
        EXPECT_EQ(find(t0 + 2), 2);
        EXPECT_EQ(find(t0 + 45), 10);
        EXPECT_EQ(find(t0 + 91), 19);
        EXPECT_EQ(find(t0 + 92), -1);
        lab.log().advance_log_start(Offset(7));
        EXPECT_EQ(find(0), 7);
        EXPECT_EQ(find(t0 + 91), 19);
    }
}

TEST(PartitionLogTest, FindsTheFirstRecordOfTheLargestTime) {
    StorageLab lab(small_segments());
    lab.must_open();
    const std::vector<std::int64_t> times{10, 50, 20, 90, 30, 89, 88, 40};
    for (std::size_t i = 0; i < times.size(); ++i)
        ASSERT_TRUE(lab.append(
            {.base = static_cast<std::int64_t>(3 * i), .count = 3, .time = t0 + times[i]}));

    const auto found = lab.await<std::optional<RecordPosition>>(
        [&](auto done) { lab.log().offset_of_max_timestamp(std::move(done)); });

    ASSERT_TRUE(found && *found && (**found).has_value());
    EXPECT_EQ(***found,
              (RecordPosition{.offset = Offset(11),
                              .timestamp = WallTime::from_milliseconds(t0 + 92),
                              .leader_epoch = LeaderEpoch(0)}));
}

TEST(PartitionLogTest, KnowsNoLargestTimeWithoutTimes) {
    StorageLab lab;
    lab.must_open();
    ASSERT_TRUE(lab.append({.base = 0, .count = 2, .time = -1}));

    const auto found = lab.await<std::optional<RecordPosition>>(
        [&](auto done) { lab.log().offset_of_max_timestamp(std::move(done)); });

    ASSERT_TRUE(found && *found);
    EXPECT_FALSE((**found).has_value());
}

TEST(PartitionLogTest, DeletesByRenamingAndRemovesLater) {
    LogConfig config = small_segments();
    config.retention.size_bytes = 500;
    StorageLab lab(config);
    lab.must_open();
    const std::string text = fill(lab);

    const auto result = lab.await<RetentionResult>([&](auto done) {
        lab.log().apply_retention(WallTime::from_milliseconds(t0), Offset(20), std::move(done));
    });

    ASSERT_TRUE(result && *result);
    EXPECT_GT((*result)->verdict.size_count, 0U);
    EXPECT_EQ((*result)->log_start, lab.log().segments().front().base);
    EXPECT_EQ(lab.log().log_start(), (*result)->log_start);
    EXPECT_THAT(lab.files(), Contains("00000000000000000000.log.deleted"));
    EXPECT_THAT(lab.files(), Not(Contains("00000000000000000000.log")));
    EXPECT_TRUE(text.ends_with(lab.read_all(lab.log().log_start())));
    EXPECT_EQ(lab.log().epochs().entries()[0].start, lab.log().log_start());

    lab.lab().run();
    EXPECT_THAT(lab.files(), Not(Contains(HasSubstr(".deleted"))));
}

TEST(PartitionLogTest, RollsFirstWhenEverythingIsTooOld) {
    LogConfig config = small_segments();
    config.retention.time = Duration::seconds(1);
    StorageLab lab(config);
    lab.must_open();
    fill(lab);

    const auto result = lab.await<RetentionResult>([&](auto done) {
        lab.log().apply_retention(WallTime::from_milliseconds(t0 + 99'000),
                                  Offset(20),
                                  std::move(done));
    });

    ASSERT_TRUE(result && *result);
    EXPECT_EQ(lab.log().log_start(), Offset(20));
    EXPECT_EQ(lab.log().log_end(), Offset(20));
    ASSERT_EQ(lab.log().segments().size(), 1U);
    ASSERT_TRUE(lab.append({.base = 20}));
    EXPECT_EQ(lab.read_all(Offset(20)), as_text(make_batch({.base = 20}).view()));
}

TEST(PartitionLogTest, TruncatesAtABatch) {
    for (const int end : {20, 19, 13, 12, 11, 8, 1, 0}) {
        StorageLab lab(small_segments());
        lab.must_open();
        const std::string text = fill(lab);

        const auto done = lab.await<void>(
            [&](auto callback) { lab.log().truncate_to(Offset(end), std::move(callback)); });

        ASSERT_TRUE(done && *done) << end;
        const int kept = end / 2;  // whole batches
        EXPECT_EQ(lab.log().log_end(), Offset(2 * kept));
        EXPECT_EQ(lab.read_all(Offset(0)),
                  text.substr(0, text.size() / 10 * static_cast<std::size_t>(kept)));
        ASSERT_TRUE(lab.append({.base = 30, .epoch = 5}));
        EXPECT_EQ(lab.log().epochs().latest(), LeaderEpoch(5));
    }
}

TEST(PartitionLogTest, RebuildsProducersWhenItTruncates) {
    StorageLab lab(small_segments());
    lab.must_open();
    for (int i = 0; i < 8; ++i)
        ASSERT_TRUE(lab.append({.base = i, .producer = 7, .sequence = i}));

    const auto done = lab.await<void>(
        [&](auto callback) { lab.log().truncate_to(Offset(5), std::move(callback)); });

    ASSERT_TRUE(done && *done);
    const auto& producer = lab.log().producers().producers().at(ProducerId(7));
    EXPECT_EQ(producer.batches().back().last_sequence, Sequence(4));
}

TEST(PartitionLogTest, KeepsWhatIsAskedDuringATruncationInOrder) {
    StorageLab lab;
    lab.must_open();
    const std::string text = fill(lab);
    const Bytes first = make_batch({.base = 10, .epoch = 1});
    const Bytes second = make_batch({.base = 11, .epoch = 1});

    lab.log().truncate_to(Offset(10), [](auto) {});
    EXPECT_EQ(lab.log().log_end(), Offset(10));
    lab.log().append({first, facts_of(first)}, [](auto) {});
    lab.log().append({second, facts_of(second)}, [](auto) {});
    EXPECT_EQ(lab.log().log_end(), Offset(12));
    ASSERT_TRUE(lab.sync());

    EXPECT_EQ(lab.read_all(Offset(0)),
              text.substr(0, text.size() / 2) + std::string(as_text(first.view())) +
                  std::string(as_text(second.view())));
    EXPECT_EQ(lab.log().synced_end(), Offset(12));
}

TEST(PartitionLogTest, SaysNothingFromMemoryOfWhatIsAppendedDuringATruncation) {
    StorageLab lab;
    lab.must_open();
    fill(lab);
    const Bytes batch = make_batch({.base = 10, .epoch = 1});
    const ReadRequest request{.from = Offset(10), .upto = Offset(11), .max_bytes = 1 << 20};
    lab.log().truncate_to(Offset(10), [](auto) {});
    lab.log().append({batch, facts_of(batch)}, [](auto) {});

    const auto cached = lab.log().read_cached(request);
    const auto read =
        lab.await<ReadResult>([&](auto done) { lab.log().read(request, std::move(done)); });

    EXPECT_FALSE(cached.has_value());
    ASSERT_TRUE(read && *read);
    EXPECT_EQ(as_text((*read)->batches.flatten().view()), as_text(batch.view()));
}

TEST(PartitionLogTest, RestartsElsewhere) {
    for (const int start : {0, 3, 100}) {
        StorageLab lab(small_segments());
        lab.must_open();
        fill(lab);

        const auto done = lab.await<void>(
            [&](auto callback) { lab.log().restart_at(Offset(start), std::move(callback)); });

        ASSERT_TRUE(done && *done) << start;
        EXPECT_EQ(lab.log().log_start(), Offset(start));
        EXPECT_EQ(lab.log().log_end(), Offset(start));
        ASSERT_TRUE(lab.append({.base = start}));
        EXPECT_EQ(lab.read_all(Offset(start)), as_text(make_batch({.base = start}).view()));
    }
}

TEST(PartitionLogTest, OpensAsItWasClosed) {
    for (const std::uint64_t segment_bytes : {400U, 1U << 20U}) {
        LogConfig config = small_segments(segment_bytes);
        config.indexes.interval_bytes = 200;
        StorageLab lab(config);
        lab.must_open();
        std::string text = fill(lab);
        for (int i = 20; i < 24; ++i) {
            ASSERT_TRUE(lab.append({.base = i, .epoch = 2, .producer = 7, .sequence = i}));
            text +=
                as_text(make_batch({.base = i, .epoch = 2, .producer = 7, .sequence = i}).view());
        }
        const auto before = lab.log().segments();
        const auto producers = lab.log().producers().producers();
        ASSERT_TRUE(lab.close());

        const Loaded loaded =
            lab.must_open({.shutdown = Shutdown::clean, .recovery_point = Offset(24)});

        EXPECT_EQ(loaded.recovery, RecoveryReport{}) << "nothing was scanned";
        EXPECT_EQ(loaded.log_end, Offset(24));
        auto after = lab.log().segments();
        ASSERT_EQ(after.size(), before.size());
        for (std::size_t i = 0; i < after.size(); ++i)
            EXPECT_EQ(after[i], before[i]) << i;
        EXPECT_EQ(lab.log().producers().producers().at(ProducerId(7)).batches().back(),
                  producers.at(ProducerId(7)).batches().back());
        EXPECT_EQ(lab.log().epochs().entries().size(), 2U);
        EXPECT_EQ(lab.read_all(Offset(0)), text);
        ASSERT_TRUE(lab.append({.base = 24}));
    }
}

TEST(PartitionLogTest, SyncsWhatWasAppendedBefore) {
    StorageLab lab;
    lab.must_open();
    const std::string text = fill(lab);
    ASSERT_TRUE(lab.sync());
    EXPECT_EQ(lab.log().synced_end(), Offset(20));
    ASSERT_TRUE(lab.append({.base = 20}));

    lab.crash(sim::CrashModel{});
    const Loaded loaded = lab.must_open();

    EXPECT_EQ(loaded.log_end, Offset(20));
    EXPECT_EQ(lab.read_all(Offset(0)), text);
}

TEST(PartitionLogTest, LosesWhatItSaidWasDurableWhenTheRuleIsBroken) {
    StorageLab lab;
    ASSERT_TRUE(lab.open({}, {.sync = StorageRules::Sync::answer_unwritten}));
    fill(lab);
    ASSERT_TRUE(lab.sync());

    lab.crash(sim::CrashModel{});

    EXPECT_EQ(lab.must_open().log_end, Offset(0));
}

TEST(PartitionLogTest, AnswersEveryCallWithItsFailure) {
    StorageLab lab;
    lab.must_open();
    fill(lab);
    sim::World& world = lab.lab().world();
    world.inject(sim::FailSync{.node = NodeId(1), .path = "data"});
    const auto failed = lab.await<Offset>([&](auto done) { lab.log().sync(std::move(done)); });
    ASSERT_TRUE(failed.has_value());
    ASSERT_FALSE(failed->has_value());

    EXPECT_TRUE(lab.log().failure().has_value());
    EXPECT_FALSE(lab.append({.base = 20}));
    EXPECT_FALSE(lab.sync());
    const auto read = lab.await<ReadResult>([&](auto done) {
        lab.log().read({.from = Offset(0), .upto = Offset(20), .max_bytes = 100}, std::move(done));
    });
    EXPECT_FALSE(read->has_value());
    EXPECT_FALSE(lab.close());
}

TEST(PartitionLogTest, RefusesAppendsWhenTooMuchWaitsBehindARoll) {
    LogConfig config;
    config.waiting_bytes_max = 500;
    StorageLab lab(config);
    lab.must_open();
    fill(lab, 1);
    lab.log().roll([](auto) {});
    int full = 0;
    for (int i = 0; i < 10; ++i) {
        const Bytes batch = make_batch({.base = lab.log().log_end().value()});
        lab.log().append({batch, facts_of(batch)}, [&](const Expected<void, IoError>& done) {
            if (!done && done.error().code == IoCode::full) ++full;
        });
    }

    lab.lab().run();

    EXPECT_EQ(full, 5);
    EXPECT_EQ(lab.log().log_end(), Offset(7));
    EXPECT_FALSE(lab.log().failure().has_value());
}

// What a produce of one batch costs, as counts.
TEST(PartitionLogTest, AppendsABatchWithOneWrite) {
    StorageLab lab;
    lab.must_open();
    fill(lab, 1);
    const std::uint64_t before = lab.lab().boundaries();

    ASSERT_TRUE(lab.append({.base = 2}));

    EXPECT_EQ(lab.lab().boundaries() - before, 1U);
}

}  // namespace
}  // namespace glasslog::storage::test
