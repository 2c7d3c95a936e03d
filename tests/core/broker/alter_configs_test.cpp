// IncrementalAlterConfigs at a broker: what it judges by its own file and values before a
// controller decides. What Apache Kafka 4.3.1 answers (its behaviour cases 307-313).

#include "core/protocol/messages/describe_configs.hpp"
#include "core/protocol/messages/incremental_alter_configs.hpp"
#include "tests/core/broker/broker_lab.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glasslog::broker::test {
namespace {

using protocol::ConfigOperation;
using protocol::ConfigResourceType;
using protocol::WireError;
using Resource = protocol::IncrementalAlterConfigsRequest::Resource;
using testing::ElementsAre;

Resource broker(const std::string& name, const std::string& key, const std::string& value) {
    return {ConfigResourceType::broker, name, {{key, ConfigOperation::set, value}}};
}

std::vector<WireError> alter(BrokerLab& lab, std::vector<Resource> resources) {
    const auto answer = lab.ask<protocol::IncrementalAlterConfigsResponse>(
        lab.connect(),
        protocol::IncrementalAlterConfigsRequest{.resources = resources});
    std::vector<WireError> errors;
    if (!answer) return errors;
    for (std::size_t at = 0; at < answer->responses.size(); ++at) {
        EXPECT_EQ(answer->responses[at].resource_name, resources.at(at).resource_name);
        errors.push_back(answer->responses[at].error_code);
    }
    return errors;
}

TEST(AlterConfigsAtABrokerTest, TakesItsOwnNameOrNoneAndLeavesTheRestToTheController) {
    BrokerLab lab(2);  // node 1

    const auto errors = alter(lab,
                              {broker("77", "log.cleaner.threads", "2"),
                               broker("1", "log.retention.ms", "70000"),
                               broker("abc", "log.cleaner.threads", "2"),
                               broker("", "log.retention.bytes", "9000"),
                               broker("1x", "log.retention.ms", "70000"),
                               {ConfigResourceType::topic, "nosuch", {}}});

    EXPECT_THAT(errors,
                ElementsAre(WireError::invalid_request,
                            WireError::none,
                            WireError::invalid_request,
                            WireError::none,
                            WireError::invalid_request,
                            WireError::unknown_topic_or_partition));
    const auto& image = lab.reactor().image();
    EXPECT_EQ(image.configs_of({ConfigResourceType::broker, "1"}).at("log.retention.ms"), "70000");
    EXPECT_TRUE(image.configs_of({ConfigResourceType::broker, "77"}).empty());
}

TEST(AlterConfigsAtABrokerTest, PoolsChangeByAFactorOfTwoOfWhatThisBrokerHas) {
    BrokerLab lab(1, {{"num.io.threads", "60"}});

    EXPECT_THAT(alter(lab, {broker("1", "num.io.threads", "121")}),
                ElementsAre(WireError::invalid_request));
    EXPECT_THAT(alter(lab, {broker("1", "num.io.threads", "120")}), ElementsAre(WireError::none));
    lab.run_for(Duration::seconds(1));
    EXPECT_THAT(alter(lab, {broker("", "num.io.threads", "30")}),
                ElementsAre(WireError::invalid_request));
    EXPECT_THAT(alter(lab, {broker("1", "num.io.threads", "240")}), ElementsAre(WireError::none));
}

// One of the two alone would pass.
TEST(AlterConfigsAtABrokerTest, AResourceThatIsNamedTwiceIsRefusedTwice) {
    BrokerLab lab;

    EXPECT_THAT(alter(lab,
                      {broker("1", "num.io.threads", "100"), broker("1", "num.io.threads", "9")}),
                ElementsAre(WireError::invalid_request, WireError::invalid_request));

    EXPECT_TRUE(lab.reactor().image().configs_of({ConfigResourceType::broker, "1"}).empty());
}

}  // namespace
}  // namespace glasslog::broker::test
