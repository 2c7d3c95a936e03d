#include "core/log/epoch_cache.hpp"

#include "tests/support/golden.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

namespace glasslog::log {
namespace {

using Pairs = std::vector<std::pair<int, int>>;

EpochCache cache_of(const Pairs& entries) {
    EpochCache cache;
    for (const auto& [epoch, start] : entries)
        cache.assign(LeaderEpoch(epoch), Offset(start));
    return cache;
}

Pairs pairs_of(const EpochCache& cache) {
    Pairs pairs;
    for (const EpochStart& entry : cache.entries())
        pairs.emplace_back(entry.epoch.value(), static_cast<int>(entry.start.value()));
    return pairs;
}

// Records 0..11 of epoch 0, 12..19 of epoch 3, 20..29 of epoch 4; epochs 1 and 2 wrote nothing.
const Pairs history{{0, 0}, {3, 12}, {4, 20}};
constexpr Offset log_end{30};

TEST(EpochCacheTest, AssignsByTheTable) {
    struct Row {
        const char* why;
        std::pair<int, int> entry;
        bool changes;
        Pairs after;
    };

    const std::vector<Row> rows{
        {"the next epoch", {5, 30}, true, {{0, 0}, {3, 12}, {4, 20}, {5, 30}}},
        {"a later batch of the latest epoch", {4, 25}, false, history},
        {"the latest epoch again at its start", {4, 20}, false, history},
        {"the latest epoch, begun earlier", {4, 15}, true, {{0, 0}, {3, 12}, {4, 15}}},
        {"the next epoch replaces one without records", {5, 20}, true, {{0, 0}, {3, 12}, {5, 20}}},
        {"an older epoch removes what came after it", {3, 40}, true, {{0, 0}, {3, 40}}},
        {"an unseen older epoch", {2, 50}, true, {{0, 0}, {2, 50}}},
        {"an earlier start removes what began behind it", {7, 5}, true, {{0, 0}, {7, 5}}},
        {"from the beginning", {9, 0}, true, {{9, 0}}},
    };
    for (const Row& row : rows) {
        EpochCache cache = cache_of(history);

        const bool changed = cache.assign(LeaderEpoch(row.entry.first), Offset(row.entry.second));

        EXPECT_EQ(changed, row.changes) << row.why;
        EXPECT_EQ(pairs_of(cache), row.after) << row.why;
    }
}

TEST(EpochCacheTest, TruncatesFromTheEndByTheTable) {
    const std::vector<std::pair<int, Pairs>> rows{
        {30, history},
        {21, history},
        {20, {{0, 0}, {3, 12}}},
        {13, {{0, 0}, {3, 12}}},
        {12, {{0, 0}}},
        {1, {{0, 0}}},
        {0, {}},
    };
    for (const auto& [end, after] : rows) {
        EpochCache cache = cache_of(history);

        const bool changed = cache.truncate_from_end(Offset(end));

        EXPECT_EQ(pairs_of(cache), after) << end;
        EXPECT_EQ(changed, after != history) << end;
    }
}

TEST(EpochCacheTest, TruncatesFromTheStartByTheTable) {
    const std::vector<std::pair<int, Pairs>> rows{
        {0, history},
        {5, {{0, 5}, {3, 12}, {4, 20}}},
        {12, {{3, 12}, {4, 20}}},
        {19, {{3, 19}, {4, 20}}},
        {20, {{4, 20}}},
        {30, {{4, 30}}},
    };
    for (const auto& [start, after] : rows) {
        EpochCache cache = cache_of(history);

        const bool changed = cache.truncate_from_start(Offset(start));

        EXPECT_EQ(pairs_of(cache), after) << start;
        EXPECT_EQ(changed, after != history) << start;
    }
}

TEST(EpochCacheTest, AnswersEndOffsetsByTheTable) {
    struct Row {
        int epoch;
        EpochEnd end;
    };

    const auto known = [](int epoch, int end) { return EpochEnd{LeaderEpoch(epoch), Offset(end)}; };
    const std::vector<Row> rows{
        {-1, {}},
        {0, known(0, 12)},
        {1, known(0, 12)},
        {2, known(0, 12)},
        {3, known(3, 20)},
        {4, known(4, 30)},
        {5, {}},
    };
    for (const Row& row : rows) {
        const EpochEnd end = cache_of(history).end_offset_for(LeaderEpoch(row.epoch), log_end);

        EXPECT_EQ(end, row.end) << row.epoch;
    }
}

TEST(EpochCacheTest, AnswersTheStartOfTheFirstEpochForOneBelowIt) {
    const EpochCache cache = cache_of({{3, 12}, {4, 20}});

    const EpochEnd end = cache.end_offset_for(LeaderEpoch(1), log_end);

    EXPECT_EQ(end, (EpochEnd{LeaderEpoch(1), Offset(12)}));
}

TEST(EpochCacheTest, KnowsNothingWhileItIsEmpty) {
    const EpochCache cache;

    EXPECT_EQ(cache.end_offset_for(LeaderEpoch(0), log_end), EpochEnd{});
    EXPECT_EQ(cache.latest(), std::nullopt);
    EXPECT_EQ(cache.epoch_at(Offset(0)), std::nullopt);
}

// The dumb oracle: the epoch of every single record, as a log scan would find them.
struct Oracle {
    std::map<int, int> epoch_of;  // by offset

    EpochEnd end_offset_for(int asked, int end) const {
        if (asked < 0 || epoch_of.empty() || asked > epoch_of.rbegin()->second) return {};
        if (asked == epoch_of.rbegin()->second) return {LeaderEpoch(asked), Offset(end)};
        int floor = -1;
        for (const auto& [offset, epoch] : epoch_of) {
            if (epoch > asked) return {LeaderEpoch(floor < 0 ? asked : floor), Offset(offset)};
            floor = epoch;
        }
        return {};
    }
};

// A leader's life: records of growing epochs, cuts at both ends, in any order.
TEST(EpochCacheTest, EqualsAScanOfTheLogAfterAnyHistory) {
    const bool holds = rc::check("the cache is a function of the records", [] {
        EpochCache cache;
        Oracle oracle;
        int end = 0;
        int start = 0;
        int epoch = 0;
        const auto acts = *rc::gen::container<std::vector<std::pair<int, int>>>(
            rc::gen::pair(rc::gen::inRange(0, 6), rc::gen::inRange(0, 8)));
        for (const auto& [act, size] : acts) {
            if (act <= 2) {  // append
                if (size > 0) cache.assign(LeaderEpoch(epoch), Offset(end));
                for (int i = 0; i < size; ++i)
                    oracle.epoch_of[end++] = epoch;
            } else if (act == 3) {  // a new leader
                epoch += 1 + size % 3;
            } else if (act == 4) {  // truncation
                end = std::max(start, end - size);
                oracle.epoch_of.erase(oracle.epoch_of.lower_bound(end), oracle.epoch_of.end());
                cache.truncate_from_end(Offset(end));
            } else if (end > start) {  // the log start moves, but not to the end
                start = std::min(start + size, end - 1);
                oracle.epoch_of.erase(oracle.epoch_of.begin(), oracle.epoch_of.lower_bound(start));
                cache.truncate_from_start(Offset(start));
            }

            for (int asked = -1; asked <= epoch + 1; ++asked) {
                const EpochEnd answer = cache.end_offset_for(LeaderEpoch(asked), Offset(end));
                RC_ASSERT(answer == oracle.end_offset_for(asked, end));
            }
            for (const auto& [offset, of] : oracle.epoch_of)
                RC_ASSERT(cache.epoch_at(Offset(offset)) == LeaderEpoch(of));
        }
    });
    EXPECT_TRUE(holds);
}

TEST(EpochCacheTest, SurvivesTheRoundTripThroughItsFile) {
    const bool holds = rc::check("decode(encode(x)) == x", [] {
        EpochCache cache;
        for (const auto& [epoch, start] :
             *rc::gen::container<Pairs>(rc::gen::pair(rc::gen::inRange(0, 1000000),  //
                                                      rc::gen::inRange(0, 1000000))))
            cache.assign(LeaderEpoch(epoch), Offset(start));

        const auto back = decode_epoch_checkpoint(as_bytes(encode_epoch_checkpoint(cache)));

        RC_ASSERT(back.has_value());
        RC_ASSERT(back.value() == cache);
    });
    EXPECT_TRUE(holds);
}

// Written by Kafka 4.3.1. The second one is of a metadata log whose epochs 1, 2, 3 began at 0, 2697
// and 2853 and whose start moved to 4589.
TEST(EpochCacheTest, ReadsAndWritesTheBytesOfKafka) {
    EpochCache trimmed = cache_of({{1, 0}, {2, 2697}, {3, 2853}});
    trimmed.truncate_from_start(Offset(4589));
    const std::vector<std::pair<const char*, EpochCache>> files{
        {"storage/leader-epoch-checkpoint.single", cache_of({{0, 0}})},
        {"storage/leader-epoch-checkpoint.trimmed", trimmed},
    };
    for (const auto& [path, expected] : files) {
        const Bytes bytes = support::golden(path);

        const auto cache = decode_epoch_checkpoint(bytes.view());

        ASSERT_TRUE(cache.has_value()) << cache.error().text();
        EXPECT_EQ(*cache, expected);
        EXPECT_EQ(encode_epoch_checkpoint(*cache), as_text(bytes.view()));
    }
}

TEST(EpochCacheTest, RefusesAFileThatKafkaWouldNotWrite) {
    for (const char* text : {"",
                             "0",
                             "0\n",
                             "1\n0\n",
                             "0\n-1\n",
                             "0\n1\n",
                             "0\n1\n3\n",
                             "0\n1\n3 4 5\n",
                             "0\n1\n3 4\n5 6\n",
                             "0\n2\n3 4\n",
                             "0\n2\n3 4\n3 5\n",
                             "0\n2\n3 4\n5 4\n",
                             "0\n1\n-3 4\n",
                             "0\n1\n3 -4\n",
                             "0\n1\n3  4\n",
                             "0\n1\nx 4\n",
                             "0\n1\n99999999999 4\n"})
        EXPECT_FALSE(decode_epoch_checkpoint(as_bytes(text)).has_value()) << text;
}

TEST(EpochCacheTest, SaysWhereAFileIsBroken) {
    const auto refused = decode_epoch_checkpoint(as_bytes("0\n2\n3 4\n3 5\n"));

    ASSERT_FALSE(refused.has_value());
    EXPECT_THAT(refused.error().text(), testing::HasSubstr("do not increase"));
    EXPECT_EQ(refused.error().at, 12U);
}

TEST(EpochCacheTest, DecodesOrRefusesEveryDamage) {
    const std::string text = encode_epoch_checkpoint(cache_of({{1, 0}, {12, 2697}, {30, 28531}}));
    const auto decode = [](ByteView damaged) {
        const auto cache = decode_epoch_checkpoint(damaged);
        if (!cache) return;
        const auto entries = cache->entries();
        for (std::size_t i = 1; i < entries.size(); ++i) {
            EXPECT_LT(entries[i - 1].epoch, entries[i].epoch);
            EXPECT_LT(entries[i - 1].start, entries[i].start);
        }
    };

    support::for_each_truncation(as_bytes(text), decode);
    support::for_each_bit_flip(as_bytes(text), decode);
}

}  // namespace
}  // namespace glasslog::log
