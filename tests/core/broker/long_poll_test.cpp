// Fetches that wait, through a whole broker of one and of two reactors.

#include "tests/core/broker/broker_lab.hpp"

#include <gtest/gtest.h>

namespace glasslog::broker::test {
namespace {

using protocol::FetchResponse;
using protocol::WireError;

class LongPollTest : public testing::TestWithParam<std::int32_t> {
protected:
    LongPollTest() : lab(GetParam()), client(lab.connect()) { lab.create(client, "orders", 8); }

    // A partition of another reactor than the first, if there is one.
    std::int32_t far() { return lab.partition_on("orders", GetParam() > 1 ? 1 : 0); }

    std::int32_t near() { return lab.partition_on("orders", 0); }

    auto fetch(const FetchSpec& spec) {
        return lab.begin<FetchResponse>(lab.connect(), fetch_request(spec));
    }

    std::vector<std::int32_t> all() {
        std::vector<std::int32_t> partitions(8);
        for (std::int32_t i = 0; i < 8; ++i)
            partitions[static_cast<std::size_t>(i)] = i;
        return partitions;
    }

    BrokerLab lab;
    rpc::Client& client;
};

TEST_P(LongPollTest, IsAnsweredByWhatComesAndLeavesNothingBehind) {
    const auto answer = fetch({.topic = "orders", .partitions = all()});
    lab.run_for(Duration::seconds(1));
    EXPECT_FALSE(answer->is_over);
    EXPECT_EQ(lab.waiting_fetches(), static_cast<std::size_t>(GetParam()));

    ASSERT_EQ(lab.produce(client, "orders", far(), 100), WireError::none);
    lab.run_for(Duration::milliseconds(100));

    ASSERT_TRUE(answer->response.has_value());
    EXPECT_GT(record_bytes(*answer->response), 100U);
    EXPECT_EQ(lab.waiting_fetches(), 0U);
    EXPECT_EQ(lab.reactor(0).parked().size(), 0U);
}

// It holds no records while it waits, and reads them anew in the end.
TEST_P(LongPollTest, WaitsForMinBytesWithoutHoldingWhatItRead) {
    ASSERT_EQ(lab.produce(client, "orders", near(), 1000), WireError::none);
    const auto answer =
        fetch({.topic = "orders", .partitions = all(), .min_bytes = 1 << 20, .max_wait_ms = 5000});
    lab.run_for(Duration::seconds(1));
    EXPECT_FALSE(answer->is_over);
    EXPECT_EQ(lab.fetch_bytes_reserved(), 0U);

    lab.run_for(Duration::seconds(6));

    ASSERT_TRUE(answer->response.has_value());
    EXPECT_GT(record_bytes(*answer->response), 1000U);
    EXPECT_EQ(lab.waiting_fetches(), 0U);
}

// Where the answer will be held, wherever it is read.
TEST_P(LongPollTest, WhatMayBeBroughtIsReservedWhileItIsRead) {
    ASSERT_EQ(lab.produce(client, "orders", near(), 1000), WireError::none);
    ASSERT_EQ(lab.produce(client, "orders", far(), 1000), WireError::none);
    const bool is_one = near() == far();
    std::vector<std::int32_t> both{near()};
    if (!is_one) both.push_back(far());
    const auto answer =
        fetch({.topic = "orders", .partitions = both, .max_bytes = 9000, .partition_bytes = 2000});

    EXPECT_TRUE(
        lab.run_until([&] { return lab.fetch_bytes_reserved() == (is_one ? 2000U : 4000U); }));
    EXPECT_TRUE(lab.run_until([&] { return answer->is_over; }));

    EXPECT_EQ(lab.fetch_bytes_reserved(), 0U);
}

TEST_P(LongPollTest, NobodyWaitsForMoreThanMayBeBrought) {
    ASSERT_EQ(lab.produce(client, "orders", near(), 1000), WireError::none);

    const auto answer = fetch(
        {.topic = "orders", .partitions = {near()}, .min_bytes = INT32_MAX, .max_bytes = 1000});
    lab.run_for(Duration::seconds(1));

    EXPECT_TRUE(answer->response.has_value());
}

// Each reactor has less than is asked for, together they have enough.
TEST_P(LongPollTest, MinBytesAreCountedOverAllReactors) {
    const auto answer =
        fetch({.topic = "orders", .partitions = {near(), far()}, .min_bytes = 9000});
    lab.run_for(Duration::seconds(1));

    ASSERT_EQ(lab.produce(client, "orders", near(), 5000), WireError::none);
    lab.run_for(Duration::seconds(1));
    EXPECT_FALSE(answer->is_over);
    ASSERT_EQ(lab.produce(client, "orders", far(), 5000), WireError::none);
    lab.run_for(Duration::seconds(1));

    ASSERT_TRUE(answer->response.has_value());
    EXPECT_GT(record_bytes(*answer->response), 10'000U);
}

// Two batches fill the limit of a partition: what comes there afterwards is nothing to wait for,
// and what comes elsewhere is.
TEST_P(LongPollTest, AFullPartitionMakesNobodyDeafForTheOthers) {
    const std::int32_t full = near();
    const std::int32_t other = (full + 1) % 8;
    for (int i = 0; i < 3; ++i)
        ASSERT_EQ(lab.produce(client, "orders", full, 1000), WireError::none);
    const auto answer = fetch({.topic = "orders",
                               .partitions = {full, other},
                               .min_bytes = 4000,
                               .partition_bytes = 3000});
    for (int i = 0; i < 4; ++i)
        ASSERT_EQ(lab.produce(client, "orders", full, 1000), WireError::none);
    lab.run_for(Duration::seconds(1));
    ASSERT_FALSE(answer->is_over);

    for (int i = 0; i < 3; ++i)
        ASSERT_EQ(lab.produce(client, "orders", other, 1000), WireError::none);
    lab.run_for(Duration::seconds(1));

    ASSERT_TRUE(answer->response.has_value());
    EXPECT_GT(record_bytes(*answer->response), 4000U);
}

// More of them than requests may be outstanding between reactors.
TEST_P(LongPollTest, ManyDoNotKeepProducersOut) {
    constexpr int count = 2'000;
    std::vector<std::shared_ptr<BrokerLab::Answer<FetchResponse>>> answers;
    for (int i = 0; i < count; ++i)
        answers.push_back(fetch({.topic = "orders", .partitions = all()}));
    lab.run_for(Duration::seconds(5));
    EXPECT_EQ(lab.reactor(0).ask_count(), 0U);

    EXPECT_EQ(lab.produce(client, "orders", near(), 10), WireError::none);
    EXPECT_EQ(lab.produce(client, "orders", far(), 10), WireError::none);
    lab.run_for(Duration::seconds(5));

    for (const auto& answer : answers)
        ASSERT_TRUE(answer->response.has_value());
    EXPECT_EQ(lab.connections(), count + 1U);
}

// Its peer may be gone, which nobody sees while it waits.
TEST_P(LongPollTest, NobodyWaitsLongerThanASilentConnectionMay) {
    const auto answer = fetch({.topic = "orders", .partitions = all(), .max_wait_ms = INT32_MAX});

    lab.run_for(Duration::seconds(599));
    EXPECT_FALSE(answer->is_over);
    lab.run_for(Duration::seconds(2));

    EXPECT_TRUE(answer->response.has_value());
    EXPECT_EQ(lab.waiting_fetches(), 0U);
}

// The cluster takes the lead from a broker that leaves, before the broker stops.
TEST_P(LongPollTest, AStopAnswersAtOnce) {
    const auto answer = fetch({.topic = "orders", .partitions = all()});
    lab.run_for(Duration::seconds(1));

    EXPECT_TRUE(lab.stop(Duration::seconds(1)));

    ASSERT_TRUE(answer->response.has_value());
    EXPECT_EQ(answer->response->responses.at(0).partitions.at(0).error_code,
              WireError::not_leader_or_follower);
}

TEST_P(LongPollTest, ReactorsShareTheRoomForAnswers) {
    const std::size_t whole = rpc::ServerLimits().answer_bytes_max;
    EXPECT_EQ(lab.reactor().server().answer_bytes_left() * static_cast<std::size_t>(GetParam()),
              whole);
}

INSTANTIATE_TEST_SUITE_P(Reactors, LongPollTest, testing::Values(1, 2));

}  // namespace
}  // namespace glasslog::broker::test
