#include "core/log/producer_state.hpp"

#include "tests/support/golden.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <deque>
#include <map>
#include <string>
#include <vector>

namespace glasslog::log {
namespace {

using protocol::WireError;

struct Sent {
    int epoch = 0;
    int first = 0;  // sequences [first, first + count)
    int count = 1;
    int base = 0;  // offset
};

BatchFacts facts_of(const Sent& sent) {
    return {.base_offset = Offset(sent.base),
            .last_offset = Offset(sent.base + sent.count - 1),
            .leader_epoch = LeaderEpoch(0),
            .max_timestamp = WallTime::from_milliseconds(1000 + sent.base),
            .producer_id = ProducerId(7),
            .producer_epoch = ProducerEpoch(static_cast<std::int16_t>(sent.epoch)),
            .base_sequence = Sequence(sent.first),
            .is_transactional = false,
            .is_control = false,
            .marker = std::nullopt,
            .size_bytes = 100};
}

BatchFacts transactional(Sent sent) {
    BatchFacts facts = facts_of(sent);
    facts.is_transactional = true;
    return facts;
}

struct Ended {
    int epoch = 0;
    int base = 0;
    int coordinator_epoch = 0;
};

BatchFacts marker(Ended ended) {
    BatchFacts facts = facts_of({.epoch = ended.epoch, .first = 0, .count = 1, .base = ended.base});
    facts.base_sequence = no_sequence;
    facts.is_transactional = true;
    facts.is_control = true;
    facts.marker =
        EndMarker{.kind = EndMarker::Kind::commit, .coordinator_epoch = ended.coordinator_epoch};
    return facts;
}

std::string text_of(const Verdict& verdict) {
    if (std::holds_alternative<AppendIt>(verdict)) return "append";
    if (const auto* duplicate = std::get_if<Duplicate>(&verdict))
        return fmt::format("duplicate of {}", duplicate->base_offset);
    return fmt::format("error {}", static_cast<int>(std::get<WireError>(verdict)));
}

// Batches of two, epoch 3: sequences 0-1 at offset 100, 2-3 at 102, … 12-13 at 112.
ProducerState seven_batches() {
    ProducerState state;
    for (int i = 0; i < 7; ++i)
        state.apply(facts_of({.epoch = 3, .first = 2 * i, .count = 2, .base = 100 + 2 * i}));
    return state;
}

TEST(ProducerStateTest, JudgesByTheTable) {
    struct Row {
        const char* why;
        Sent sent;
        const char* verdict;
    };

    const std::vector<Row> rows{
        {"the next sequence", {3, 14, 2}, "append"},
        {"a gap", {3, 15, 2}, "error 45"},
        {"the newest batch again", {3, 12, 2}, "duplicate of 112"},
        {"the oldest of the five", {3, 4, 2}, "duplicate of 104"},
        {"one that left the window", {3, 2, 2}, "error 45"},
        {"the same first sequence with another count", {3, 12, 1}, "error 45"},
        {"an older epoch", {2, 14, 2}, "error 47"},
        {"the newest sequences in an older epoch", {2, 12, 2}, "error 47"},
        {"a newer epoch from the beginning", {4, 0, 2}, "append"},
        {"a newer epoch from the middle", {4, 14, 2}, "error 45"},
    };
    for (const Row& row : rows)
        EXPECT_EQ(text_of(seven_batches().check(facts_of(row.sent))), row.verdict) << row.why;
}

TEST(ProducerStateTest, AcceptsAnySequenceOfAnUnknownProducer) {
    EXPECT_EQ(text_of(ProducerState().check(facts_of({.epoch = 5, .first = 77}))), "append");
}

TEST(ProducerStateTest, AsksNothingOfBatchesWithoutAProducer) {
    BatchFacts facts = facts_of({.epoch = 0, .first = 99});
    facts.producer_id = no_producer_id;

    EXPECT_EQ(text_of(seven_batches().check(facts)), "append");
}

TEST(ProducerStateTest, AnswersADuplicateWithItsFirstOffsetAndTime) {
    const Verdict verdict = seven_batches().check(facts_of({.epoch = 3, .first = 8, .count = 2}));

    ASSERT_TRUE(std::holds_alternative<Duplicate>(verdict));
    EXPECT_EQ(std::get<Duplicate>(verdict),
              (Duplicate{.base_offset = Offset(108),
                         .last_offset = Offset(109),
                         .timestamp = WallTime::from_milliseconds(1108)}));
}

TEST(ProducerStateTest, GoesOnAtZeroAfterTheLargestSequence) {
    ProducerState state;
    state.apply(facts_of({.epoch = 0, .first = INT32_MAX - 1, .count = 2, .base = 10}));

    EXPECT_EQ(text_of(state.check(facts_of({.first = 0, .base = 12}))), "append");
    EXPECT_EQ(text_of(state.check(facts_of({.first = 1, .base = 12}))), "error 45");
}

TEST(ProducerStateTest, RecognisesADuplicateAcrossTheLargestSequence) {
    ProducerState state;
    const Sent wraps{.epoch = 0, .first = INT32_MAX, .count = 3, .base = 10};
    state.apply(facts_of(wraps));

    EXPECT_EQ(text_of(state.check(facts_of(wraps))), "duplicate of 10");
    EXPECT_EQ(text_of(state.check(facts_of({.first = 2, .base = 13}))), "append");
}

TEST(ProducerStateTest, ForgetsTheWindowWhenTheEpochChanges) {
    ProducerState state = seven_batches();
    state.apply(facts_of({.epoch = 4, .first = 0, .count = 2, .base = 200}));

    const auto& producer = state.producers().at(ProducerId(7));
    EXPECT_EQ(producer.batches().size(), 1U);
    EXPECT_EQ(text_of(state.check(facts_of({.epoch = 4, .first = 0, .count = 2}))),
              "duplicate of 200");
}

TEST(ProducerStateTest, KeepsTheStartOfAnOpenTransactionUntilItsMarker) {
    ProducerState state;
    state.apply(transactional({.first = 0, .base = 40}));
    state.apply(transactional({.first = 1, .base = 41}));
    EXPECT_EQ(state.first_open_transaction(), Offset(40));
    EXPECT_EQ(text_of(state.check(facts_of({.first = 2}))), "error 48");

    state.apply(marker({.epoch = 1, .base = 42, .coordinator_epoch = 9}));

    EXPECT_EQ(state.first_open_transaction(), std::nullopt);
    EXPECT_EQ(text_of(state.check(transactional({.epoch = 1, .first = 0}))), "append");
    EXPECT_EQ(text_of(state.check(transactional({.epoch = 1, .first = 2}))), "error 45");
    EXPECT_EQ(text_of(state.check(marker({.epoch = 0, .coordinator_epoch = 9}))), "error 47");
    EXPECT_EQ(text_of(state.check(marker({.epoch = 1, .coordinator_epoch = 8}))), "error 52");
}

TEST(ProducerStateTest, ExpiresSilentProducersWithoutAnOpenTransaction) {
    ProducerState state = seven_batches();  // last at 1112
    BatchFacts open = transactional({.first = 0, .base = 0});
    open.producer_id = ProducerId(8);
    state.apply(open);
    const auto now = [](int ms) { return WallTime::from_milliseconds(ms); };

    EXPECT_EQ(state.expire(now(1211), Duration::milliseconds(100)), 0U);
    EXPECT_EQ(state.expire(now(1212), Duration::milliseconds(100)), 1U);
    EXPECT_EQ(state.expire(now(9999), Duration::milliseconds(100)), 0U);
    EXPECT_TRUE(state.producers().contains(ProducerId(8)));
}

TEST(ProducerStateTest, ForgetsTheMostSilentWhenThereAreTooMany) {
    ProducerState state(16);
    for (int i = 0; i < 1000; ++i) {
        BatchFacts facts = facts_of({.first = 0, .base = i});
        facts.producer_id = ProducerId(i);
        state.apply(facts);
        ASSERT_LE(state.producers().size(), 16U);
    }

    EXPECT_TRUE(state.producers().contains(ProducerId(999)));
    EXPECT_FALSE(state.producers().contains(ProducerId(0)));
}

TEST(ProducerStateTest, StoresARetryTwiceWhenItMayForget) {
    ProducerState state(16, DuplicateRule::forget);
    state.apply(facts_of({.first = 0}));

    EXPECT_EQ(text_of(state.check(facts_of({.first = 0}))), "append");
}

// The dumb oracle of one producer: all batches ever stored, and the page's rules read aloud.
struct Oracle {
    struct Stored {
        int epoch;
        int first;
        int count;
        int base;
    };

    std::vector<Stored> stored;

    std::string judge(const Sent& sent) const {
        if (stored.empty()) return "append";
        const Stored& last = stored.back();
        int looked_at = 0;
        for (auto it = stored.rbegin(); it != stored.rend() && it->epoch == last.epoch; ++it) {
            if (++looked_at > 5) break;
            const bool same =
                it->epoch == sent.epoch && it->first == sent.first && it->count == sent.count;
            if (same) return fmt::format("duplicate of {}", it->base);
        }
        if (sent.epoch < last.epoch) return "error 47";
        const int expected = sent.epoch > last.epoch ? 0 : last.first + last.count;
        return sent.first == expected ? "append" : "error 45";
    }
};

// Ranges are narrow, so that repeats, gaps and old epochs all happen.
TEST(ProducerStateTest, JudgesLikeAListOfAllBatches) {
    const bool holds = rc::check("every verdict equals the oracle's", [] {
        ProducerState state;
        Oracle oracle;
        int next_sequence = 0;
        int epoch = 0;
        int end = 0;
        const auto steps = *rc::gen::container<std::vector<std::pair<int, int>>>(
            rc::gen::pair(rc::gen::inRange(0, 10), rc::gen::inRange(1, 4)));
        for (const auto& [act, count] : steps) {
            Sent sent{.epoch = epoch, .first = next_sequence, .count = count, .base = end};
            if (act == 0) sent.first += 1;
            if (act == 1) sent.epoch -= 1;
            if (act == 2) sent = {.epoch = epoch + 1, .first = 0, .count = count, .base = end};
            if (act >= 3 && act <= 5 && !oracle.stored.empty()) {
                const auto back = static_cast<std::size_t>(count * (act - 2) - 1);
                const std::size_t last = oracle.stored.size() - 1;
                const auto& again = oracle.stored[last - std::min(back, last)];
                sent = {.epoch = again.epoch,
                        .first = again.first,
                        .count = again.count,
                        .base = end};
            }

            const std::string verdict = text_of(state.check(facts_of(sent)));

            RC_ASSERT(verdict == oracle.judge(sent));
            if (verdict != "append") continue;
            state.apply(facts_of(sent));
            oracle.stored.push_back({sent.epoch, sent.first, sent.count, end});
            next_sequence = sent.first + sent.count;
            epoch = sent.epoch;
            end += sent.count;
        }
    });
    EXPECT_TRUE(holds);
}

// The fold over the batches that Kafka stored.
ProducerState fold(const std::vector<std::string>& segments) {
    ProducerState state;
    for (const std::string& segment : segments) {
        const Bytes file = support::golden(segment);
        ByteView rest = file.view();
        while (!rest.empty()) {
            const auto facts = read_facts(rest);
            EXPECT_TRUE(facts.has_value());
            if (!facts) break;
            state.apply(*facts);
            rest = rest.subspan(facts->size_bytes);
        }
    }
    return state;
}

TEST(ProducerStateTest, FoldsTheBatchesOfKafkaIntoItsSnapshots) {
    struct Row {
        std::vector<std::string> segments;
        const char* snapshot;
    };

    const std::vector<Row> rows{
        {{"storage/idem-0.log"}, "storage/idem-15.snapshot"},
        {{"storage/txn-1-0.log"}, "storage/txn-open-3.snapshot"},
        {{"storage/txn-1-0.log", "storage/txn-1-3.log"}, "storage/txn-closed-12.snapshot"},
    };
    for (const Row& row : rows) {
        const ProducerState state = fold(row.segments);

        EXPECT_EQ(to_hex(encode_snapshot(state).view()),
                  to_hex(support::golden(row.snapshot).view()))
            << row.snapshot;
    }
}

TEST(ProducerStateTest, GoesOnFromASnapshot) {
    const Bytes file = encode_snapshot(seven_batches());

    const auto entries = decode_snapshot(file.view());
    ASSERT_TRUE(entries.has_value());
    ProducerState state;
    load(state, *entries);

    EXPECT_EQ(text_of(state.check(facts_of({.epoch = 3, .first = 12, .count = 2}))),
              "duplicate of 112");
    EXPECT_EQ(text_of(state.check(facts_of({.epoch = 3, .first = 14, .count = 2}))), "append");
    EXPECT_EQ(text_of(state.check(facts_of({.epoch = 3, .first = 10, .count = 2}))), "error 45")
        << "only the last batch is in a snapshot";
}

TEST(ProducerStateTest, RefusesEveryDamageToASnapshot) {
    const Bytes file = support::golden("storage/txn-open-3.snapshot");
    const auto refuse = [](ByteView damaged) {
        EXPECT_FALSE(decode_snapshot(damaged).has_value()) << to_hex(damaged);
    };

    support::for_each_truncation(file.view(), refuse);
    support::for_each_bit_flip(file.view(), refuse);
}

}  // namespace
}  // namespace glasslog::log
