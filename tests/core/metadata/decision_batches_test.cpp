// One decision in the log: a batch, or the batches of a transaction.

#include "core/metadata/decision_batches.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace glasslog::metadata::test {
namespace {

using testing::ElementsAre;

std::vector<Record> topics(const std::vector<std::string>& names) {
    std::vector<Record> records;
    for (const std::string& name : names)
        records.emplace_back(protocol::TopicRecord{name, Uuid{1, 1}});
    return records;
}

// Each batch as a word: ( begins a transaction, ) ends it, all else is the first letter of a topic.
std::vector<std::string> words(const std::vector<DecisionBatch>& batches) {
    std::vector<std::string> words;
    for (const DecisionBatch& batch : batches) {
        std::string& word = words.emplace_back();
        for (const Record& record : batch.records) {
            const auto* topic = std::get_if<protocol::TopicRecord>(&record);
            if (std::holds_alternative<protocol::BeginTransactionRecord>(record)) word += '(';
            if (std::holds_alternative<protocol::EndTransactionRecord>(record)) word += ')';
            if (topic != nullptr) word += topic->name.front();
        }
        EXPECT_EQ(batch.values.size(), batch.records.size());
        for (std::size_t at = 0; at < batch.values.size(); ++at) {
            const auto decoded = protocol::decode_metadata_record(batch.values[at]);
            EXPECT_TRUE(decoded.has_value() && decoded->record == batch.records[at]);
        }
    }
    return words;
}

constexpr std::int16_t newest = 30;
constexpr BatchLimits three{.records_max = 3};

TEST(DecisionBatchesTest, NothingIsNoBatch) {
    EXPECT_TRUE(batches_of({}, newest, three).empty());
}

TEST(DecisionBatchesTest, WhatFitsIsOneBatch) {
    EXPECT_THAT(words(batches_of(topics({"a", "b", "c"}), newest, three)), ElementsAre("abc"));
}

TEST(DecisionBatchesTest, WhatDoesNotFitIsATransaction) {
    EXPECT_THAT(words(batches_of(topics({"a", "b", "c", "d"}), newest, three)),
                ElementsAre("(ab", "cd)"));
    EXPECT_THAT(words(batches_of(topics({"a", "b", "c", "d", "e"}), newest, three)),
                ElementsAre("(ab", "cde", ")"));
}

TEST(DecisionBatchesTest, BytesAreCountedAsRecordsAre) {
    const BatchLimits limits{.bytes_max = 220};
    const std::string large(150, 'l');
    const std::string larger(300, 'x');

    EXPECT_THAT(words(batches_of(topics({"a", large, "b"}), newest, limits)), ElementsAre("alb"))
        << "216 bytes";
    EXPECT_THAT(words(batches_of(topics({large, large}), newest, limits)), ElementsAre("(l", "l)"));
    EXPECT_THAT(words(batches_of(topics({larger}), newest, limits)), ElementsAre("x"))
        << "one record is a batch, however large";
}

// 3.6-IV0 knows none: each batch stands for itself.
TEST(DecisionBatchesTest, ThereAreNoTransactionsBeforeKafkaHadThem) {
    EXPECT_THAT(words(batches_of(topics({"a", "b", "c", "d"}), 12, three)),
                ElementsAre("abc", "d"));
    EXPECT_THAT(words(batches_of(topics({"a", "b", "c", "d"}), 13, three)),
                ElementsAre("(ab", "cd)"));
}

}  // namespace
}  // namespace glasslog::metadata::test
