// Topics, through a whole broker.

#include "core/protocol/messages/delete_topics.hpp"
#include "tests/core/broker/broker_lab.hpp"

#include <gtest/gtest.h>

namespace glasslog::broker::test {
namespace {

using protocol::WireError;

TEST(TopicsTest, AreNotDeletedWhenTheConfigurationForbidsIt) {
    BrokerLab lab(1, {{"delete.topic.enable", "false"}});
    rpc::Client& client = lab.connect();
    lab.create(client, "orders", 1);
    protocol::DeleteTopicsRequest request;
    request.topics.push_back({.name = "orders"});
    request.topic_names.push_back("orders");

    const auto answer = lab.ask<protocol::DeleteTopicsResponse>(client, request);
    const auto old = lab.ask<protocol::DeleteTopicsResponse>(client, request, protocol::Version(2));

    ASSERT_TRUE(answer && old);
    EXPECT_EQ(answer->responses.at(0).error_code, WireError::topic_deletion_disabled);
    EXPECT_EQ(old->responses.at(0).error_code, WireError::invalid_request);
    EXPECT_NE(lab.reactor().image().find_topic("orders"), nullptr);
}

}  // namespace
}  // namespace glasslog::broker::test
