#include "core/raft/quorum.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

namespace glasslog::raft {
namespace {

TEST(QuorumTest, AMajorityHasReachedTheMiddleOfTheEnds) {
    const auto ends = [](std::vector<std::int64_t> values) {
        std::vector<Offset> offsets;
        for (const std::int64_t value : values)
            offsets.emplace_back(value);
        return majority_end(offsets);
    };

    EXPECT_EQ(ends({}), no_offset);
    EXPECT_EQ(ends({9}), Offset(9));
    EXPECT_EQ(ends({9, 4}), Offset(4));
    EXPECT_EQ(ends({5, 9, 7}), Offset(7));
    EXPECT_EQ(ends({9, 7, 5, 3}), Offset(5));
    EXPECT_EQ(ends({-1, -1, 8}), Offset(-1));
}

TEST(QuorumTest, TheMajorityEndIsTheGreatestThatAMajorityHas) {
    EXPECT_TRUE(rc::check("majority_end", [] {
        const auto values = *rc::gen::nonEmpty(
            rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(-1, 12)));
        std::vector<Offset> ends;
        for (const std::int64_t value : values)
            ends.emplace_back(value);
        const auto reached_by = [&](Offset end) {
            return static_cast<std::size_t>(
                std::count_if(ends.begin(), ends.end(), [&](Offset one) { return one >= end; }));
        };

        const Offset end = majority_end(ends);

        RC_ASSERT(reached_by(end) * 2 > ends.size());
        RC_ASSERT(reached_by(end + 1) * 2 <= ends.size());
    }));
}

TEST(QuorumTest, ALogIsCutWhereItLeavesTheLeaders) {
    log::EpochCache own;
    own.assign(LeaderEpoch(1), Offset(0));
    own.assign(LeaderEpoch(3), Offset(10));
    const Offset log_end(15);
    const auto cut = [&](std::int32_t epoch, std::int64_t end) {
        return truncation_point(own, log_end, {LeaderEpoch(epoch), Offset(end)});
    };

    EXPECT_EQ(cut(3, 12), Offset(12)) << "the same epoch, a shorter one";
    EXPECT_EQ(cut(3, 20), Offset(15)) << "never beyond the end";
    EXPECT_EQ(cut(2, 11), Offset(10)) << "an epoch that we lack: behind our last below it";
    EXPECT_EQ(cut(1, 4), Offset(4));
    EXPECT_EQ(cut(7, 12), Offset(12)) << "above all of ours";
}

}  // namespace
}  // namespace glasslog::raft
