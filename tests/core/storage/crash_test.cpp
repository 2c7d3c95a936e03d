// A log must survive a crash at every moment. A workload of appends, syncs, rolls, truncations,
// DeleteRecords, retention, closing and opening is run once to count what it changes on the disk;
// then once more for each of these boundaries and each crash model, with the crash there. After
// recovery the records are those of one history that the workload went through, contain all that
// was synced, have no hole; indexes, producer state and epochs are what a scan of the file gives.

#include "core/storage/batch_scan.hpp"
#include "core/storage/checkpoints.hpp"
#include "tests/core/storage/storage_lab.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

namespace glasslog::storage::test {
namespace {

// What the workload did to the log, so that any outcome can be judged: the batches that it holds
// and how many of them are durable.
class Expectation {
public:
    void appended(const BatchSpec& spec) { batches_.push_back(spec); }

    void synced(Offset upto) { durable_ = std::max(durable_, upto); }

    // Until it is over a crash may leave either.
    void truncating(Offset end) {
        before_ = batches_;
        while (!batches_.empty() && end_of(batches_.back()) > end)
            batches_.pop_back();
        durable_ = std::min(durable_, end);
        is_truncating_ = true;
    }

    void truncated(Offset end) {
        is_truncating_ = false;
        durable_ = end;
    }

    void start_moved(Offset start) { start_ = std::max(start_, start); }

    Offset durable() const { return durable_; }

    Offset start() const { return start_; }

    const std::vector<BatchSpec>& batches() const { return batches_; }

    static Offset end_of(const BatchSpec& spec) { return Offset(spec.base + spec.count); }

    Offset end() const { return batches_.empty() ? Offset(0) : end_of(batches_.back()); }

    // The batches in [from, end): of the history or, during a truncation, of the one before it.
    std::optional<std::string> text(Offset from, Offset end) const {
        if (auto found = text_of(batches_, from, end)) return found;
        return is_truncating_ ? text_of(before_, from, end) : std::nullopt;
    }

    void kept(Offset end) {
        if (is_truncating_ && !text_of(batches_, Offset(0), end)) batches_ = before_;
        is_truncating_ = false;
        while (!batches_.empty() && end_of(batches_.back()) > end)
            batches_.pop_back();
        durable_ = end;
    }

private:
    // Empty when no batch of them ends at `end`.
    static std::optional<std::string> text_of(const std::vector<BatchSpec>& batches,
                                              Offset from,
                                              Offset end) {
        std::string text;
        Offset at(0);
        for (const BatchSpec& spec : batches) {
            if (end_of(spec) > end) break;
            at = end_of(spec);
            if (at > from) text += as_text(make_batch(spec).view());
        }
        if (at != end && end != from) return std::nullopt;
        return text;
    }

    std::vector<BatchSpec> batches_;
    std::vector<BatchSpec> before_;
    Offset durable_;
    Offset start_;
    bool is_truncating_ = false;
};

LogConfig workload_config() {
    LogConfig config;
    config.segment_bytes = 700;
    config.indexes.interval_bytes = 150;
    config.tail_bytes_max = 0;
    config.retention.size_bytes = 1400;
    config.file_delete_delay = Duration::milliseconds(1);
    return config;
}

class Workload {
public:
    explicit Workload(StorageLab& lab) : lab_(lab) {}

    // To its end, or to the crash.
    void run() {
        if (!open({.shutdown = Shutdown::unclean})) return;
        if (!append(4) || !sync() || !append(5)) return;
        if (!roll() || !append(3) || !sync()) return;
        if (!append(9) || !truncate(expected.end() - 7)) return;
        if (!append(2) || !truncate(expected.durable()) || !append(6)) return;
        lab_.log().recovery_point_saved(lab_.log().recovery_point());
        saved_ = lab_.log().recovery_point();
        if (!delete_records(Offset(5)) || !append(4) || !sync()) return;
        if (!retain() || !append(5)) return;
        if (!truncate(expected.end() - 9) || !append(8)) return;
        if (!close()) return;
        if (!open({.shutdown = Shutdown::clean,
                   .recovery_point = expected.end(),
                   .log_start = expected.start()}))
            return;
        if (!append(3) || !sync() || !roll() || !append(2)) return;
        is_over_ = true;
    }

    bool is_over() const { return is_over_; }

    // As the checkpoint has it: the workload saves it when it says so, and at a close.
    Offset saved_recovery_point() const { return saved_; }

    Expectation expected;

private:
    bool open(OpenLog how) {
        const auto loaded = lab_.open(how);
        return loaded.has_value() && loaded->has_value();
    }

    // Batches of 1, 2, 3 records of two producers in turn; epochs grow with every truncation.
    bool append(int count) {
        for (int i = 0; i < count; ++i) {
            const std::int64_t base = expected.end().value();
            const int producer = static_cast<int>(base % 2);
            BatchSpec spec{.base = base,
                           .count = 1 + static_cast<int>(base % 3),
                           .time = 1'700'000'000'000 + base * 10,
                           .epoch = epoch_,
                           .producer = 100 + producer,
                           .producer_epoch = epoch_,
                           .sequence = 0};
            const auto known = lab_.log().producers().producers().find(ProducerId(spec.producer));
            if (known != lab_.log().producers().producers().end() &&
                known->second.epoch.value() == epoch_ && known->second.batch_count > 0)
                spec.sequence = known->second.batches().back().last_sequence.value() + 1;
            expected.appended(spec);
            if (!lab_.append(spec)) return false;
        }
        return true;
    }

    bool sync() {
        const Offset upto = lab_.log().log_end();
        if (!lab_.sync()) return false;
        expected.synced(upto);
        return true;
    }

    bool roll() {
        const auto done =
            lab_.await<void>([&](auto callback) { lab_.log().roll(std::move(callback)); });
        return done.has_value() && done->has_value();
    }

    bool truncate(Offset end) {
        expected.truncating(end);
        ++epoch_;
        const auto done = lab_.await<void>(
            [&](auto callback) { lab_.log().truncate_to(end, std::move(callback)); });
        if (!done || !*done) return false;
        expected.truncated(lab_.log().log_end());
        return true;
    }

    bool delete_records(Offset start) {
        expected.start_moved(start);
        lab_.log().advance_log_start(start);
        return true;
    }

    bool retain() {
        // What may go is known before: the crash may come when some of it went.
        const auto result = lab_.await<RetentionResult>([&](auto done) {
            lab_.log().apply_retention(WallTime(), lab_.log().log_end(), std::move(done));
            expected.start_moved(lab_.log().log_start());
        });
        return result.has_value() && result->has_value();
    }

    bool close() {
        const Offset end = lab_.log().log_end();
        if (!lab_.close()) return false;
        expected.synced(end);
        saved_ = end;
        return true;
    }

    StorageLab& lab_;
    int epoch_ = 0;
    Offset saved_;
    bool is_over_ = false;
};

// What a scan of the segment files gives, by the dumbest means.
struct Scan {
    std::string text;  // of all batches
    log::ProducerState producers;
    log::EpochCache epochs;
    bool has_hole = false;
};

Scan scan_files(StorageLab& lab) {
    Scan scan;
    Offset next = no_offset;
    for (const SegmentSummary& segment : lab.log().segments()) {
        const Bytes file = lab.contents(segment.base, SegmentFile::log);
        EXPECT_EQ(file.size(), segment.size_bytes) << segment.base.value();
        if (next != no_offset && segment.base != next) scan.has_hole = true;
        next = segment.base;
        for (const log::BatchFacts& facts : facts_of(file)) {
            if (facts.base_offset != next) scan.has_hole = true;
            next = facts.last_offset + 1;
            scan.producers.apply(facts);
            if (scan.epochs.latest() != facts.leader_epoch)
                scan.epochs.assign(facts.leader_epoch, facts.base_offset);
        }
        scan.text += as_text(file.view());
    }
    scan.epochs.truncate_from_start(lab.log().log_start());
    return scan;
}

// Every entry of every index points at the batch that it names.
void check_indexes(StorageLab& lab) {
    for (const SegmentSummary& segment : lab.log().segments()) {
        const Bytes log = lab.contents(segment.base, SegmentFile::log);
        const auto index =
            decode_offset_index(lab.contents(segment.base, SegmentFile::offset_index).view(),
                                {segment.base, log.size()},
                                Padding::none);
        ASSERT_TRUE(index.has_value()) << index.error().text();
        for (const OffsetIndexEntry& entry : index->entries()) {
            const auto at = static_cast<std::size_t>(entry.position);
            const auto facts = log::read_facts(log.view().subspan(at));
            ASSERT_TRUE(facts.has_value());
            EXPECT_EQ(facts->last_offset, segment.base + entry.relative_offset);
        }
        const auto times =
            decode_time_index(lab.contents(segment.base, SegmentFile::time_index).view(),
                              segment.base,
                              Padding::none);
        ASSERT_TRUE(times.has_value()) << times.error().text();
        const bool is_sealed = segment.base != lab.log().segments().back().base;
        if (!is_sealed || segment.size_bytes == 0) continue;
        EXPECT_EQ(times->entries().back().timestamp, segment.largest_timestamp);
    }
}

// The last batch of each producer is all that a snapshot keeps, so no more is compared.
void check_producers(const log::ProducerState& actual, const log::ProducerState& scanned) {
    for (const auto& [id, producer] : actual.producers()) {
        const auto other = scanned.producers().find(id);
        // One whose batches all were deleted lives on in the snapshots.
        if (other == scanned.producers().end()) continue;
        EXPECT_EQ(producer.epoch, other->second.epoch);
        EXPECT_EQ(producer.batches().back(), other->second.batches().back());
    }
    for (const auto& [id, producer] : scanned.producers())
        EXPECT_TRUE(actual.producers().contains(id)) << id.value();
}

void check_recovered(StorageLab& lab, const Workload& workload) {
    const PartitionLog& log = lab.log();
    EXPECT_GE(log.log_end(), workload.expected.durable());
    EXPECT_LE(log.log_start(), workload.expected.start());
    const Scan scan = scan_files(lab);
    EXPECT_FALSE(scan.has_hole);
    const Offset first = log.segments().front().base;
    const auto expected = workload.expected.text(first, log.log_end());
    ASSERT_TRUE(expected.has_value()) << "log end " << log.log_end().value();
    EXPECT_EQ(scan.text, *expected);
    EXPECT_TRUE(scan.text.ends_with(lab.read_all(log.log_start())));
    EXPECT_EQ(log.epochs(), scan.epochs);
    check_producers(log.producers(), scan.producers);
    check_indexes(lab);
}

// Crashes there, recovers, checks, goes on, crashes again, checks again. Without a model the
// process dies and the power stays.
void crash_there(std::optional<sim::CrashModel> model, std::uint64_t boundary) {
    StorageLab lab(workload_config(), boundary + 1);
    lab.lab().crash_at(lab.lab().boundaries() + boundary, model);
    Workload workload(lab);
    workload.run();
    lab.crash(model);

    const OpenLog how{.shutdown = Shutdown::unclean,
                      .recovery_point = workload.saved_recovery_point(),
                      .log_start = Offset(0)};
    lab.must_open(how);
    check_recovered(lab, workload);
    if (testing::Test::HasFailure()) return;

    // What recovery left must be durable, and good to go on with.
    workload.expected.kept(lab.log().log_end());
    const BatchSpec more{.base = lab.log().log_end().value(), .count = 2, .epoch = 90};
    ASSERT_TRUE(lab.append(more));
    workload.expected.appended(more);
    lab.crash(sim::CrashModel{});
    lab.must_open(how);
    check_recovered(lab, workload);
}

std::uint64_t count_boundaries() {
    StorageLab lab(workload_config());
    const std::uint64_t before = lab.lab().boundaries();
    Workload workload(lab);
    workload.run();
    EXPECT_TRUE(workload.is_over());
    lab.lab().run();
    return lab.lab().boundaries() - before;
}

void crash_everywhere(const std::vector<sim::CrashModel>& models) {
    const std::uint64_t boundaries = count_boundaries();
    for (const sim::CrashModel& model : models) {
        for (std::uint64_t k = 0; k <= boundaries; ++k) {
            crash_there(model, k);
            ASSERT_FALSE(testing::Test::HasFailure())
                << "boundary " << k << ", model " << text(model);
        }
    }
    std::printf("power lost at %zu boundaries under %zu models\n",
                static_cast<std::size_t>(boundaries + 1),
                models.size());
}

TEST(StorageCrashTest, SurvivesAPowerLossAtEveryBoundaryUnderEveryModel) {
    crash_everywhere(sim::all_crash_models());
}

// The two that find most, quickly.
TEST(StorageCrashTest, SurvivesAPowerLossAtEveryBoundaryUnderTheHarshestModels) {
    crash_everywhere({{sim::Unsynced::subset_lost, sim::Unsynced::kept, 0},
                      {sim::Unsynced::suffix_lost, sim::Unsynced::subset_lost, 512}});
}

TEST(StorageCrashTest, SurvivesTheDeathOfTheProcessAtEveryBoundary) {
    const std::uint64_t boundaries = count_boundaries();
    for (std::uint64_t k = 0; k <= boundaries; ++k) {
        crash_there(std::nullopt, k);
        ASSERT_FALSE(HasFailure()) << "boundary " << k;
    }
    std::printf("process killed at %zu boundaries\n", static_cast<std::size_t>(boundaries + 1));
}

}  // namespace
}  // namespace glasslog::storage::test
