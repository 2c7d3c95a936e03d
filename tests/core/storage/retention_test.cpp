#include "core/storage/retention.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace glasslog::storage {
namespace {

constexpr auto at(std::int64_t ms) {
    return WallTime::from_milliseconds(ms);
}

// Offsets 0-9, 10-19, 20-29, 30-39 and an active segment 40-44; 100 bytes each, 50 the last.
const std::vector<SegmentSummary> five{
    {Offset(0), Offset(10), 100, at(1000)},
    {Offset(10), Offset(20), 100, at(2000)},
    {Offset(20), Offset(30), 100, at(1500)},
    {Offset(30), Offset(40), 100, at(4000)},
    {Offset(40), Offset(45), 50, at(5000)},
};

constexpr RetentionInput all_committed{at(5000), Offset(0), Offset(45)};

RetentionPolicy by_time(std::int64_t ms) {
    return {.time = Duration::milliseconds(ms), .size_bytes = std::nullopt};
}

RetentionPolicy by_size(std::uint64_t bytes) {
    return {.time = std::nullopt, .size_bytes = bytes};
}

TEST(RetentionTest, JudgesByTime) {
    const std::vector<std::pair<int, std::size_t>>
        rows{{5000, 0}, {4000, 0}, {3999, 1}, {3000, 1}, {2999, 3}, {999, 4}, {0, 4}};
    for (const auto& [ms, count] : rows)
        EXPECT_EQ(judge_retention(by_time(ms), five, all_committed).count(), count) << ms;
}

TEST(RetentionTest, SurvivesTheWildestTimes) {
    const std::vector<SegmentSummary> wild{
        {Offset(0), Offset(10), 100, at(INT64_MIN)},
        {Offset(10), Offset(20), 100, at(INT64_MAX)},
    };
    const RetentionInput input{at(5000), Offset(0), Offset(20)};

    EXPECT_EQ(judge_retention(by_time(1000), wild, input).count(), 1U);
}

TEST(RetentionTest, TakesEvenTheActiveSegmentByTime) {
    const RetentionInput later{at(9000), Offset(0), Offset(45)};

    EXPECT_EQ(judge_retention(by_time(10), five, later).count(), five.size());
}

TEST(RetentionTest, JudgesBySize) {
    const std::vector<std::pair<std::uint64_t, std::size_t>>
        rows{{450, 0}, {351, 0}, {350, 1}, {250, 2}, {50, 4}, {1, 4}, {0, 5}};
    for (const auto& [bytes, count] : rows)
        EXPECT_EQ(judge_retention(by_size(bytes), five, all_committed).count(), count) << bytes;
}

TEST(RetentionTest, KeepsWhatEndsAboveTheHighWatermark) {
    const RetentionInput input{at(9000), Offset(0), Offset(29)};

    EXPECT_EQ(judge_retention(by_time(10), five, input).count(), 2U);
    EXPECT_EQ(judge_retention(by_size(0), five, input).count(), 2U);
}

TEST(RetentionTest, DeletesWhatEndsAtTheLogStart) {
    const RetentionPolicy for_ever{};
    const auto count = [&](std::int64_t start) {
        return judge_retention(for_ever, five, {at(0), Offset(start), Offset(45)}).count();
    };
    EXPECT_EQ(count(9), 0U);
    EXPECT_EQ(count(10), 1U);
    EXPECT_EQ(count(39), 3U);
    EXPECT_EQ(count(45), 4U) << "the active segment goes by time and size only";
}

TEST(RetentionTest, LeavesACompactedLogButForItsStart) {
    RetentionPolicy policy = by_time(0);
    policy.size_bytes = 0;
    policy.deletes_by_time_and_size = false;

    EXPECT_EQ(judge_retention(policy, five, {at(9000), Offset(20), Offset(45)}).count(), 2U);
}

TEST(RetentionTest, NeverTakesAnEmptyLastSegment) {
    const std::vector<SegmentSummary> segments{
        {Offset(0), Offset(10), 100, at(1000)},
        {Offset(10), Offset(10), 0, at(1000)},
    };

    EXPECT_EQ(judge_retention(by_time(10), segments, {at(9000), Offset(0), Offset(10)}).count(),
              1U);
    EXPECT_EQ(judge_retention(by_size(0), segments, {at(9000), Offset(0), Offset(10)}).count(), 1U);
}

TEST(RetentionTest, StopsAtTheFirstThatStays) {
    // The third is old enough, but the second is not.
    EXPECT_EQ(judge_retention(by_time(3200), five, all_committed).count(), 1U);
}

}  // namespace
}  // namespace glasslog::storage
