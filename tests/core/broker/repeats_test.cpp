// Requests that name a partition several times, or a hundred thousand of them.

#include "core/broker/handlers/repeats.hpp"

#include "core/protocol/messages/describe_configs.hpp"
#include "core/protocol/messages/list_offsets.hpp"
#include "tests/core/broker/broker_lab.hpp"

#include <gtest/gtest.h>

namespace glasslog::broker::test {
namespace {

using protocol::WireError;

TEST(RepeatsTest, SeesRepeatsOverAllTopicEntries) {
    Repeats repeats;
    repeats.add_topic({}, "a");
    repeats.add(PartitionIndex(0));
    repeats.add(PartitionIndex(1));
    repeats.add_topic({}, "b");
    repeats.add(PartitionIndex(0));
    repeats.add_topic({}, "a");
    repeats.add(PartitionIndex(0));
    repeats.find();

    EXPECT_EQ(repeats.first(0), 0U);
    EXPECT_EQ(repeats.last(0), 3U);
    EXPECT_EQ(repeats.first(3), 0U);
    EXPECT_EQ(repeats.last(1), 1U);
    EXPECT_EQ(repeats.last(2), 2U);
}

class RepeatedTest : public testing::Test {
protected:
    RepeatedTest() : client(lab.connect()) { lab.create(client, "orders", 1); }

    BrokerLab lab;
    rpc::Client& client;
};

TEST_F(RepeatedTest, AFetchAnswersAPartitionOnceAndTheLastEntryCounts) {
    ASSERT_EQ(lab.produce(client, "orders", 0, 100), WireError::none);
    protocol::FetchRequest request = fetch_request({.topic = "orders", .partitions = {0}});
    for (int i = 0; i < 100; ++i)
        request.topics.push_back(request.topics.front());
    request.topics.front().partitions.front().fetch_offset = Offset(77);

    const auto answer = lab.ask<protocol::FetchResponse>(client, request);

    ASSERT_TRUE(answer.has_value());
    ASSERT_EQ(answer->responses.size(), 1U);
    ASSERT_EQ(answer->responses[0].partitions.size(), 1U);
    EXPECT_EQ(answer->responses[0].partitions[0].error_code, WireError::none);
    EXPECT_GT(record_bytes(*answer), 100U);
}

TEST_F(RepeatedTest, AListOfOffsetsRefusesARepeatedPartitionOnce) {
    protocol::ListOffsetsRequest request;
    for (int i = 0; i < 3; ++i) {
        request.topics.push_back({.name = "orders"});
        request.topics.back().partitions.push_back({.partition_index = PartitionIndex(0)});
    }

    const auto answer = lab.ask<protocol::ListOffsetsResponse>(client, request);

    ASSERT_TRUE(answer.has_value());
    ASSERT_EQ(answer->topics.size(), 1U);
    EXPECT_EQ(answer->topics[0].partitions.at(0).error_code, WireError::invalid_request);
}

TEST_F(RepeatedTest, ConfigurationsAreDescribedOncePerResource) {
    protocol::DescribeConfigsRequest request;
    for (int i = 0; i < 1000; ++i) {
        request.resources.push_back({.resource_type = protocol::ConfigResourceType::broker});
        request.resources.push_back({.resource_type = protocol::ConfigResourceType::broker,
                                     .resource_name = std::string(std::size_t(i), '0') + "1"});
    }

    const auto answer = lab.ask<protocol::DescribeConfigsResponse>(client, request);

    ASSERT_TRUE(answer.has_value());
    std::size_t configs = 0;
    for (const auto& result : answer->results)
        configs += result.configs.size();
    EXPECT_LT(configs, 1000U);

    request.resources.assign(
        1000,
        {.resource_type = protocol::ConfigResourceType::broker, .resource_name = "1"});
    const auto once = lab.ask<protocol::DescribeConfigsResponse>(client, request);
    ASSERT_TRUE(once.has_value());
    EXPECT_EQ(once->results.size(), 1U);
}

// With a comparison of each entry with each other one these take minutes.
TEST_F(RepeatedTest, AWideRequestCostsNoMoreThanItsEntries) {
    constexpr std::int32_t count = 150'000;
    protocol::ProduceRequest produce;
    produce.acks = -1;
    protocol::FetchRequest fetch = fetch_request({.topic = "nowhere", .partitions = {}});
    protocol::ListOffsetsRequest list;
    produce.topic_data.push_back({.name = "nowhere"});
    list.topics.push_back({.name = "nowhere"});
    for (std::int32_t i = 0; i < count; ++i) {
        produce.topic_data[0].partition_data.push_back({.index = PartitionIndex(i)});
        fetch.topics[0].partitions.push_back({.partition = PartitionIndex(i)});
        list.topics[0].partitions.push_back({.partition_index = PartitionIndex(i)});
    }

    const auto produced = lab.ask<protocol::ProduceResponse>(client, produce);
    const auto fetched = lab.ask<protocol::FetchResponse>(client, fetch);
    const auto listed = lab.ask<protocol::ListOffsetsResponse>(client, list);

    ASSERT_TRUE(produced && fetched && listed);
    EXPECT_EQ(produced->responses.at(0).partition_responses.size(), std::size_t{count});
    EXPECT_EQ(fetched->responses.at(0).partitions.size(), std::size_t{count});
    EXPECT_EQ(listed->topics.at(0).partitions.size(), std::size_t{count});
}

}  // namespace
}  // namespace glasslog::broker::test
