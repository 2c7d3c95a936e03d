// IncrementalAlterConfigs: what Apache Kafka 4.3.1 answers (its behaviour cases 294-323).

#include "tests/core/metadata/controller_lab.hpp"

#include <gtest/gtest.h>

namespace glasslog::metadata::test {
namespace {

using protocol::ConfigOperation;
using protocol::WireError;
using Resource = protocol::IncrementalAlterConfigsRequest::Resource;
using Change = protocol::IncrementalAlterConfigsRequest::Config;

constexpr auto set = ConfigOperation::set;
constexpr auto remove = ConfigOperation::remove;
constexpr auto append = ConfigOperation::append;
constexpr auto subtract = ConfigOperation::subtract;

Resource topic(std::vector<Change> changes, const std::string& name = "full") {
    return {ConfigResourceType::topic, name, std::move(changes)};
}

Resource broker(std::vector<Change> changes, const std::string& name = "") {
    return {ConfigResourceType::broker, name, std::move(changes)};
}

struct Case {
    const char* what;
    Resource resource;
    WireError error;
};

std::vector<Case> cases() {
    constexpr auto invalid_config = WireError::invalid_config;
    constexpr auto invalid_request = WireError::invalid_request;
    constexpr auto none = WireError::none;
    const auto nine = static_cast<ConfigOperation>(9);
    const auto type_99 = static_cast<ConfigResourceType>(99);
    return {
        {"invalid value", topic({{"retention.ms", set, "abc"}}), invalid_config},
        {"operation 9", topic({{"retention.ms", nine, "1"}}), WireError::unknown_server_error},
        {"append to no list", topic({{"retention.ms", append, "1"}}), invalid_config},
        {"append to a list", topic({{"cleanup.policy", append, "compact"}}), none},
        {"subtract the absent", topic({{"cleanup.policy", subtract, "compact"}}), none},
        {"subtract the only one", topic({{"cleanup.policy", subtract, "delete"}}), none},
        {"unknown key", topic({{"nosuch.key", set, "1"}}), invalid_config},
        {"null value", topic({{"retention.ms", set, std::nullopt}}), invalid_request},
        {"remove what is not set", topic({{"retention.ms", remove, std::nullopt}}), none},
        {"same key twice",
         topic({{"retention.ms", set, "1"}, {"retention.ms", remove, std::nullopt}}),
         invalid_request},
        {"no configs", topic({}), none},
        {"unknown topic",
         topic({{"retention.ms", set, "1"}}, "nosuch"),
         WireError::unknown_topic_or_partition},
        {"segment.bytes below the minimum",
         topic({{"segment.bytes", set, "1000"}}),
         invalid_config},
        {"min.insync.replicas 0", topic({{"min.insync.replicas", set, "0"}}), invalid_config},
        {"read-only", broker({{"node.id", set, "2"}}, "1"), invalid_request},
        {"read-only, for all", broker({{"log.dirs", set, "x"}}), invalid_request},
        {"unknown broker key", broker({{"nosuch.key", set, "1"}}), none},
        {"broker abc", broker({{"log.cleaner.threads", set, "2"}}, "abc"), invalid_request},
        {"no number", broker({{"log.cleaner.threads", set, "x"}}, "1"), invalid_request},
        {"type 99", {type_99, "x", {{"a", set, "b"}}}, invalid_request},
        {"logger",
         {ConfigResourceType::broker_logger, "1", {{"kafka.server", set, "NOLEVEL"}}},
         invalid_config},
    };
}

WireError ask(ControllerLab& lab, std::vector<Resource> resources, bool validate_only = false) {
    const auto response = lab.ask<protocol::IncrementalAlterConfigsResponse>(
        AlterConfigs{{.resources = std::move(resources), .validate_only = validate_only}});
    return response.responses.at(0).error_code;
}

TEST(AlterConfigsTest, AnswersAsKafkaDoes) {
    for (const Case& one : cases()) {
        ControllerLab lab;
        lab.create("full");

        const WireError error = ask(lab, {one.resource});

        EXPECT_EQ(error, one.error) << one.what;
    }
}

// Kafka's controller knows neither the file nor the machine of a broker: what depends on those was
// judged by the broker that passed the request on (core/broker/handlers/alter_configs.cpp).
TEST(AlterConfigsTest, TakesValuesOfEveryNodeThatIsRegistered) {
    ControllerLab lab;  // of node 1
    lab.register_broker(NodeId(2));
    protocol::ControllerRegistrationRequest controller;
    controller.controller_id = NodeId(5);
    controller.features = registration_of(NodeId(1), 1, {}).features;
    lab.ask<protocol::ControllerRegistrationResponse>(controller);
    const std::vector<Change> changes{{"num.io.threads", set, "100"}};

    for (const char* name : {"", "1", "2", "5"}) {
        EXPECT_EQ(ask(lab, {broker(changes, name)}), WireError::none) << name;
        const ConfigResource resource{ConfigResourceType::broker, name};
        EXPECT_EQ(lab.image().configs_of(resource).at("num.io.threads"), "100") << name;
    }
    EXPECT_EQ(ask(lab, {broker(changes, "77")}), WireError::broker_id_not_registered);
    for (const char* name : {"-1", "02", "+2", "2 ", "2147483648"})
        EXPECT_EQ(ask(lab, {broker(changes, name)}), WireError::invalid_request) << name;
}

TEST(AlterConfigsTest, RefusesAResourceThatIsNamedTwice) {
    ControllerLab lab;
    lab.create("full");
    const Resource resource = topic({{"retention.ms", set, "5000"}});

    EXPECT_EQ(ask(lab, {resource, resource}), WireError::invalid_request);
    EXPECT_TRUE(lab.last.records.empty());
}

TEST(AlterConfigsTest, SetsAppendsSubtractsAndRemoves) {
    ControllerLab lab;
    lab.create("full");
    const auto values = [&] { return lab.image().configs_of({ConfigResourceType::topic, "full"}); };

    ask(lab, {topic({{"retention.ms", set, "5"}, {"cleanup.policy", append, "compact"}})});
    EXPECT_EQ(values(),
              (ConfigValues{{"cleanup.policy", "delete,compact"}, {"retention.ms", "5"}}));

    ask(lab, {topic({{"cleanup.policy", subtract, "delete"}})});
    EXPECT_EQ(values().at("cleanup.policy"), "compact");

    ask(lab, {topic({{"retention.ms", remove, std::nullopt}})});
    EXPECT_FALSE(values().contains("retention.ms"));
}

// With a search through the whole list for each word this takes minutes.
TEST(AlterConfigsTest, ALongListCostsNoMoreThanItsWords) {
    ControllerLab lab;
    lab.create("full");
    std::string words;
    for (int i = 0; i < 300'000; ++i)
        words += std::to_string(i) + ",";

    EXPECT_EQ(ask(lab, {topic({{"cleanup.policy", append, words}})}), WireError::invalid_config);
    EXPECT_EQ(ask(lab, {topic({{"cleanup.policy", subtract, words}})}), WireError::none);
}

// What stands there and what is added are strings; together they are none that could be read.
TEST(AlterConfigsTest, RefusesAListThatGrowsBeyondAString) {
    ControllerLab lab;
    lab.create("full");
    const char* key = "follower.replication.throttled.replicas";
    const auto replicas = [](int first) {
        std::string words = "0:1";
        for (int i = first; i < first + 3'000; ++i)
            words += "," + std::to_string(i) + ":1";
        return words;
    };

    EXPECT_EQ(ask(lab, {topic({{key, append, replicas(10'000)}})}), WireError::none);
    EXPECT_EQ(ask(lab, {topic({{key, append, replicas(20'000)}})}), WireError::invalid_config);
    EXPECT_TRUE(lab.last.records.empty());
}

TEST(AlterConfigsTest, WritesOnlyWhatDiffers) {
    ControllerLab lab;
    lab.create("full");
    ask(lab, {topic({{"retention.ms", set, "5"}})});

    ask(lab, {topic({{"retention.ms", set, "5"}})});
    EXPECT_TRUE(lab.last.records.empty());

    ask(lab, {topic({{"retention.ms", set, "6"}})}, true);
    EXPECT_TRUE(lab.last.records.empty());
}

}  // namespace
}  // namespace glasslog::metadata::test
