#include "core/storage/checkpoints.hpp"
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

constexpr OpenLog unclean{};
constexpr OpenLog clean{.shutdown = Shutdown::clean};

// Three segments of two batches: 0-3, 4-7, 8-11; each batch has two records. Closed cleanly.
class RecoveryTest : public testing::Test {
protected:
    RecoveryTest() : lab_(config()) {
        lab_.must_open(unclean);
        for (int i = 0; i < 6; ++i) {
            const BatchSpec spec{.base = 2 * i,
                                 .count = 2,
                                 .epoch = i / 2,
                                 .producer = 7,
                                 .sequence = 2 * i};
            EXPECT_TRUE(lab_.append(spec));
            batches_.emplace_back(as_text(make_batch(spec).view()));
        }
        EXPECT_TRUE(lab_.close());
    }

    static LogConfig config() {
        LogConfig config;
        config.segment_bytes = 250;
        config.indexes.interval_bytes = 50;
        config.tail_bytes_max = 0;
        return config;
    }

    std::string first(std::size_t count) const {
        std::string text;
        for (std::size_t i = 0; i < count; ++i)
            text += batches_[i];
        return text;
    }

    std::vector<std::uint8_t> bytes(Offset base, SegmentFile kind) {
        const Bytes file = lab_.contents(base, kind);
        return {file.view().begin(), file.view().end()};
    }

    void put(Offset base, SegmentFile kind, const std::vector<std::uint8_t>& content) {
        lab_.put_file(lab_.path(base, kind), content);
    }

    // Everything is as if `count` batches had been written and nothing else.
    void expect_batches(std::size_t count) {
        EXPECT_EQ(lab_.log().log_end(), Offset(static_cast<std::int64_t>(2 * count)));
        EXPECT_EQ(lab_.read_all(Offset(0)), first(count));
        if (count == 0) return;
        const auto& producer = lab_.log().producers().producers().at(ProducerId(7));
        EXPECT_EQ(producer.batches().back().last_offset, lab_.log().log_end() - 1);
        EXPECT_EQ(lab_.log().epochs().entries().size(), (count + 1) / 2);
    }

    StorageLab lab_;
    std::vector<std::string> batches_;
};

TEST_F(RecoveryTest, CutsATornTail) {
    auto log = bytes(Offset(8), SegmentFile::log);
    log.resize(log.size() - 1);
    put(Offset(8), SegmentFile::log, log);

    const Loaded loaded = lab_.must_open(unclean);

    expect_batches(5);
    EXPECT_EQ(loaded.recovery.cut_bytes, batches_[5].size() - 1);
    EXPECT_THAT(loaded.recovery.reason, HasSubstr("a batch of"));
    EXPECT_EQ(lab_.contents(Offset(8), SegmentFile::log).size(), batches_[4].size());
}

TEST_F(RecoveryTest, CutsAtEveryTornLength) {
    const auto whole = bytes(Offset(8), SegmentFile::log);
    for (std::size_t size = 0; size < whole.size(); size += 7) {
        auto log = whole;
        log.resize(size);
        put(Offset(8), SegmentFile::log, log);

        lab_.must_open(unclean);

        expect_batches(size < batches_[4].size() ? 4 : 5);
    }
}

TEST_F(RecoveryTest, CutsZerosThatAFileSystemLeft) {
    auto log = bytes(Offset(8), SegmentFile::log);
    log.resize(log.size() + 4096);
    put(Offset(8), SegmentFile::log, log);

    const Loaded loaded = lab_.must_open(unclean);

    expect_batches(6);
    EXPECT_EQ(loaded.recovery.cut_bytes, 4096U);
}

TEST_F(RecoveryTest, CutsAtAWrongChecksumAndDropsWhatFollows) {
    auto log = bytes(Offset(4), SegmentFile::log);
    log[batches_[2].size() + 70] ^= 1;  // in the records of the batch at offset 6
    put(Offset(4), SegmentFile::log, log);

    const Loaded loaded = lab_.must_open(unclean);

    expect_batches(3);
    EXPECT_EQ(loaded.recovery.dropped_segment_count, 1U);
    EXPECT_THAT(loaded.recovery.reason, HasSubstr("wrong checksum"));
    EXPECT_THAT(lab_.files(), Not(Contains("00000000000000000008.log")));
    EXPECT_THAT(lab_.files(), Not(Contains("00000000000000000012.snapshot")));
}

TEST_F(RecoveryTest, LeavesNoHoleWhenAMiddleSegmentLostItsTail) {
    auto log = bytes(Offset(4), SegmentFile::log);
    log.resize(batches_[2].size());  // whole batches, but fewer
    put(Offset(4), SegmentFile::log, log);

    const Loaded loaded = lab_.must_open(unclean);

    expect_batches(3);
    EXPECT_EQ(loaded.recovery.dropped_segment_count, 1U);
    EXPECT_THAT(loaded.recovery.reason, HasSubstr("where 6 was to come"));
}

TEST_F(RecoveryTest, BelievesWhatLiesBelowTheRecoveryPoint) {
    const Loaded loaded =
        lab_.must_open({.shutdown = Shutdown::unclean, .recovery_point = Offset(8)});

    expect_batches(6);
    EXPECT_EQ(loaded.recovery.scanned_segment_count, 1U);
}

TEST_F(RecoveryTest, ScansFromTheSegmentThatHoldsTheRecoveryPoint) {
    const Loaded loaded =
        lab_.must_open({.shutdown = Shutdown::unclean, .recovery_point = Offset(5)});

    expect_batches(6);
    EXPECT_EQ(loaded.recovery.scanned_segment_count, 2U);
}

TEST_F(RecoveryTest, KeepsATornTailWhenTheRuleIsBroken) {
    auto log = bytes(Offset(8), SegmentFile::log);
    const std::size_t torn = log.size() - 10;
    log.resize(torn);
    put(Offset(8), SegmentFile::log, log);

    lab_.config().segment_bytes = 1 << 20;
    const auto loaded = lab_.open(unclean, {.recovery = RecoveryRule::keep_torn_tail});
    ASSERT_TRUE(loaded && *loaded);
    EXPECT_EQ((*loaded)->recovery.cut_bytes, 0U) << "nothing was cut, so nothing is told of a cut";
    ASSERT_TRUE(lab_.append({.base = 10}));

    EXPECT_GT(lab_.contents(Offset(8), SegmentFile::log).size(), torn);
    const std::string whole = first(5) + std::string(as_text(make_batch({.base = 10}).view()));
    EXPECT_NE(lab_.read_all(Offset(0)), whole);
}

TEST_F(RecoveryTest, RebuildsAnIndexThatIsMissing) {
    for (const SegmentFile kind : {SegmentFile::offset_index, SegmentFile::time_index}) {
        for (const std::int64_t base : {4, 8}) {
            const auto before = bytes(Offset(base), kind);
            ASSERT_FALSE(before.empty());
            ASSERT_TRUE(lab_.lab().image().remove(lab_.path(Offset(base), kind)).has_value());

            lab_.must_open(clean);
            expect_batches(6);
            ASSERT_TRUE(lab_.close());

            EXPECT_EQ(bytes(Offset(base), kind), before);
        }
    }
}

TEST_F(RecoveryTest, RebuildsAnIndexThatIsCutShort) {
    for (const SegmentFile kind : {SegmentFile::offset_index, SegmentFile::time_index}) {
        for (const std::int64_t base : {4, 8}) {
            const auto before = bytes(Offset(base), kind);
            auto cut = before;
            cut.pop_back();
            put(Offset(base), kind, cut);

            lab_.must_open(clean);
            expect_batches(6);
            ASSERT_TRUE(lab_.close());

            EXPECT_EQ(bytes(Offset(base), kind), before);
        }
    }
}

TEST_F(RecoveryTest, ReadsRightWithGarbageInAnIndexOfASealedSegment) {
    put(Offset(4), SegmentFile::offset_index, std::vector<std::uint8_t>(16, 0xff));

    lab_.must_open(clean);

    expect_batches(6);
}

TEST_F(RecoveryTest, DistrustsACleanMarkerWhenTheLastSegmentIsTorn) {
    auto log = bytes(Offset(8), SegmentFile::log);
    log.resize(log.size() - 3);
    put(Offset(8), SegmentFile::log, log);

    const Loaded loaded = lab_.must_open(clean);

    expect_batches(5);
    EXPECT_GT(loaded.recovery.cut_bytes, 0U);
}

TEST_F(RecoveryTest, ReplaysBatchesWhenSnapshotsAreBroken) {
    for (const std::int64_t offset : {4, 8, 12})
        put(Offset(offset), SegmentFile::snapshot, {1, 2, 3});

    lab_.must_open(clean);

    expect_batches(6);
}

TEST_F(RecoveryTest, FindsTheEpochsAgainWhenTheirFileIsBroken) {
    lab_.put_file(std::string(log_folder) + "/leader-epoch-checkpoint", as_bytes("0\n7\n"));

    lab_.must_open(clean);

    expect_batches(6);
}

TEST_F(RecoveryTest, RemovesWhatOthersLeftBehind) {
    const std::string folder = std::string(log_folder) + "/";
    lab_.put_file(folder + "00000000000000000000.log.deleted", as_bytes("x"));
    lab_.put_file(folder + "leader-epoch-checkpoint.tmp", as_bytes("x"));
    lab_.put_file(folder + "00000000000000000099.index", as_bytes("x"));
    lab_.put_file(folder + "00000000000000000099.snapshot", as_bytes("x"));
    lab_.put_file(folder + "quorum-state", as_bytes("{}"));

    lab_.must_open(unclean);

    expect_batches(6);
    EXPECT_THAT(lab_.files(), Contains("quorum-state"));
    for (const std::string& file : lab_.files()) {
        EXPECT_THAT(file, Not(HasSubstr("deleted")));
        EXPECT_THAT(file, Not(HasSubstr("tmp")));
        EXPECT_THAT(file, Not(HasSubstr("99.")));
    }
}

TEST_F(RecoveryTest, LeavesToOthersWhatTheyWriteWhenItTruncates) {
    lab_.must_open(clean);
    lab_.put_file(std::string(log_folder) + "/quorum-state.tmp", as_bytes("{}"));

    const auto done = lab_.await<void>(
        [&](auto callback) { lab_.log().truncate_to(Offset(8), std::move(callback)); });

    ASSERT_TRUE(done && *done);
    expect_batches(4);
    EXPECT_THAT(lab_.files(), Contains("quorum-state.tmp"));
}

// An offset that is too high would be taken for the newest, and the next entry could not follow it.
TEST_F(RecoveryTest, DistrustsAnOffsetIndexThatReachesBeyondTheEnd) {
    auto index = bytes(Offset(8), SegmentFile::offset_index);
    ASSERT_FALSE(index.empty());
    index[index.size() - offset_index_entry_bytes] = 0x10;
    put(Offset(8), SegmentFile::offset_index, index);

    lab_.must_open(clean);

    expect_batches(6);
    EXPECT_TRUE(lab_.append({.base = 12, .count = 2, .epoch = 2}));
}

TEST_F(RecoveryTest, DistrustsATimeIndexThatReachesBeyondTheEnd) {
    auto index = bytes(Offset(8), SegmentFile::time_index);
    ASSERT_FALSE(index.empty());
    index[index.size() - 4] = 0x10;  // the offset comes last
    put(Offset(8), SegmentFile::time_index, index);

    lab_.must_open(clean);

    expect_batches(6);
    EXPECT_TRUE(lab_.append({.base = 12, .count = 2, .time = 1'800'000'000'000, .epoch = 2}));
}

TEST_F(RecoveryTest, KeepsNoSnapshotOfEveryCleanStop) {
    for (int i = 6; i < 12; ++i) {
        lab_.must_open(clean);
        EXPECT_TRUE(lab_.append({.base = 12 + (i - 6), .count = 1, .epoch = 2}));
        EXPECT_TRUE(lab_.close());
    }

    lab_.must_open(clean);

    const auto is_snapshot = [](const std::string& name) { return name.ends_with(".snapshot"); };
    const auto files = lab_.files();
    EXPECT_LE(std::count_if(files.begin(), files.end(), is_snapshot), 7)
        << "those of segments, and the newest";
}

TEST_F(RecoveryTest, RefusesAnInterruptedCompaction) {
    lab_.put_file(std::string(log_folder) + "/00000000000000000000.log.swap", as_bytes("x"));

    const auto loaded = lab_.open(unclean);

    ASSERT_TRUE(loaded.has_value());
    ASSERT_FALSE(loaded->has_value());
    EXPECT_THAT(loaded->error().text(), HasSubstr("start Kafka on it once"));
}

TEST_F(RecoveryTest, BeginsAnewWhenAllOfItLiesBelowTheLogStart) {
    const Loaded loaded = lab_.must_open(
        {.shutdown = Shutdown::unclean, .recovery_point = Offset(0), .log_start = Offset(40)});

    EXPECT_EQ(loaded.log_start, Offset(40));
    EXPECT_EQ(loaded.log_end, Offset(40));
    EXPECT_TRUE(lab_.log().epochs().entries().empty());
    ASSERT_TRUE(lab_.append({.base = 40}));
    EXPECT_EQ(lab_.read_all(Offset(40)), as_text(make_batch({.base = 40}).view()));
}

TEST_F(RecoveryTest, SurvivesEveryFlippedBitOfTheLastSegment) {
    const auto whole = bytes(Offset(8), SegmentFile::log);
    for (std::size_t bit = 0; bit < whole.size() * 8; bit += 5) {
        auto log = whole;
        log[bit / 8] = static_cast<std::uint8_t>(log[bit / 8] ^ (1U << (bit % 8)));
        put(Offset(8), SegmentFile::log, log);

        const auto loaded = lab_.open(unclean);

        // Base offset and leader epoch are outside of the checksum.
        ASSERT_TRUE(loaded && *loaded) << bit;
        EXPECT_GE(lab_.log().log_end(), Offset(8)) << bit;
        const std::string text = lab_.read_all(Offset(0));
        EXPECT_TRUE(text.starts_with(first(4))) << bit;
    }
}

}  // namespace
}  // namespace glasslog::storage::test
