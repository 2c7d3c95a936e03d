#include "core/metadata/configs.hpp"

#include "tests/support/facts.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <memory>

namespace glasslog::metadata {
namespace {

using nlohmann::json;

const ConfigEntry& entry(const std::vector<ConfigEntry>& entries, std::string_view name) {
    const auto at = std::find_if(entries.begin(), entries.end(), [&](const auto& one) {
        return one.name == name;
    });
    EXPECT_NE(at, entries.end()) << name;
    return *at;
}

class ConfigsTest : public testing::Test {
protected:
    void set(ConfigResourceType type, const std::string& name, ConfigValues values) {
        image.configs = image.configs.with({type, name},
                                           std::make_shared<const ConfigValues>(std::move(values)));
    }

    ConfigEntry topic_key(std::string_view key) {
        return entry(describe_topic(layers(), "orders"), key);
    }

    ConfigLayers layers() { return {image, file, NodeId(1)}; }

    Image image;
    StaticConfigs file;
};

TEST_F(ConfigsTest, TablesAreSortedForLookUp) {
    for (const auto table : {topic_config_table(), broker_config_table()}) {
        EXPECT_TRUE(std::is_sorted(table.begin(), table.end(), [](const auto& a, const auto& b) {
            return a.name < b.name;
        }));
        for (const ConfigDefinition& row : table) {
            if (!row.default_value) continue;
            EXPECT_EQ(complaint(row, *row.default_value), std::nullopt) << row.name;
        }
    }
}

TEST_F(ConfigsTest, ABrokerSeesItsOwnValuesAndNobodyElses) {
    set(ConfigResourceType::broker, "2", {{"log.retention.ms", "7"}});

    for (const auto& [node, value] : {std::pair(1, "604800000"), std::pair(2, "7")}) {
        const ConfigLayers of_node{image, file, NodeId(node)};
        EXPECT_EQ(topic_settings(of_node, "orders").retention_ms, std::stoll(value)) << node;
    }
    const ConfigEntry own = entry(describe_broker({image, file, NodeId(2)}), "log.retention.ms");
    EXPECT_EQ(own.value, "7");
    EXPECT_EQ(own.source, ConfigSource::dynamic_broker);
    EXPECT_EQ(entry(describe_broker(layers()), "log.retention.ms").value, std::nullopt);
}

TEST_F(ConfigsTest, TheStrongestLayerHolds) {
    EXPECT_EQ(topic_key("flush.ms").value, "9223372036854775807");
    EXPECT_EQ(topic_key("flush.ms").source, ConfigSource::default_value);

    file["log.flush.interval.ms"] = "4";
    EXPECT_EQ(topic_key("flush.ms").value, "4");
    EXPECT_EQ(topic_key("flush.ms").source, ConfigSource::static_broker);

    set(ConfigResourceType::broker, "", {{"log.flush.interval.ms", "3"}});
    EXPECT_EQ(topic_key("flush.ms").source, ConfigSource::dynamic_default_broker);

    set(ConfigResourceType::broker, "1", {{"log.flush.interval.ms", "2"}});
    EXPECT_EQ(topic_key("flush.ms").value, "2");
    EXPECT_EQ(topic_key("flush.ms").source, ConfigSource::dynamic_broker);

    set(ConfigResourceType::topic, "orders", {{"flush.ms", "1"}});
    EXPECT_EQ(topic_key("flush.ms").value, "1");
    EXPECT_EQ(topic_key("flush.ms").synonyms.front().source, ConfigSource::dynamic_topic);
    EXPECT_EQ(topic_key("flush.ms").synonyms.size(), 5U) << "each layer, and one default";
}

TEST_F(ConfigsTest, HoursAndMinutesBecomeMilliseconds) {
    EXPECT_EQ(topic_settings(layers(), "orders").retention_ms, 604'800'000);

    file["log.retention.hours"] = "2";
    EXPECT_EQ(topic_settings(layers(), "orders").retention_ms, 7'200'000);

    file["log.retention.minutes"] = "1";
    EXPECT_EQ(topic_settings(layers(), "orders").retention_ms, 60'000);

    file["log.retention.ms"] = "-1";
    EXPECT_EQ(topic_settings(layers(), "orders").retention_ms, -1);
}

TEST_F(ConfigsTest, ComplainsAboutWhatKafkaRefuses) {
    const auto is_refused = [](std::string_view key, std::string_view value) {
        return complaint(*find_topic_config(key), value).has_value();
    };
    EXPECT_TRUE(is_refused("retention.ms", "abc"));
    EXPECT_TRUE(is_refused("retention.ms", ""));
    EXPECT_TRUE(is_refused("retention.ms", "-2"));
    EXPECT_FALSE(is_refused("retention.ms", " 5 "));
    EXPECT_TRUE(is_refused("max.message.bytes", "2147483648"));
    EXPECT_TRUE(is_refused("cleanup.policy", "delete,shrink"));
    EXPECT_TRUE(is_refused("cleanup.policy", "delete,delete"));
    EXPECT_FALSE(is_refused("cleanup.policy", ""));
    EXPECT_TRUE(is_refused("min.cleanable.dirty.ratio", "1.01"));
    EXPECT_TRUE(is_refused("min.cleanable.dirty.ratio", "-0.1"));
    EXPECT_FALSE(is_refused("min.cleanable.dirty.ratio", "0.75"));
    EXPECT_FALSE(is_refused("min.cleanable.dirty.ratio", ".5"));
    EXPECT_TRUE(is_refused("preallocate", "yes"));
    EXPECT_FALSE(is_refused("preallocate", "TRUE"));
    EXPECT_TRUE(is_refused("compression.type", "brotli"));
}

TEST_F(ConfigsTest, TellsNobodyASecret) {
    set(ConfigResourceType::broker, "1", {{"ssl.key.password", "hunter2"}});

    const ConfigEntry password = entry(describe_broker(layers()), "ssl.key.password");

    EXPECT_TRUE(password.is_sensitive);
    EXPECT_EQ(password.value, std::nullopt);
    EXPECT_EQ(password.synonyms.at(0).value, std::nullopt);
}

// Names, defaults, types and who may write, as a 4.3.1 broker described them.
void compare_with_facts(const std::string& file, std::span<const ConfigDefinition> table) {
    const auto facts = support::facts_folder();
    if (!facts) GTEST_SKIP() << "GLASSLOG_FACTS is not set";
    std::ifstream in(*facts + "/golden/configs/" + file);
    ASSERT_TRUE(in.good()) << file;
    const json kafka = json::parse(in);
    for (const json& key : kafka) {
        const std::string name = key.at("name");
        if (name.starts_with("listener.name.")) continue;
        const auto row = std::find_if(table.begin(), table.end(), [&](const auto& one) {
            return one.name == name;
        });
        ASSERT_NE(row, table.end()) << name;
        const json& value = key.at("default");
        EXPECT_EQ(row->default_value.has_value(), !value.is_null()) << name;
        if (row->default_value) {
            EXPECT_EQ(*row->default_value, value.get<std::string>()) << name;
        }
        EXPECT_EQ(row->scope == ConfigScope::read_only, key.at("readOnly").get<bool>()) << name;
        EXPECT_EQ(row->is_sensitive, key.at("sensitive").get<bool>()) << name;
    }
}

TEST_F(ConfigsTest, TopicKeysAreThoseOfKafka) {
    compare_with_facts("topic.json", topic_config_table());
}

TEST_F(ConfigsTest, BrokerKeysAreThoseOfKafka) {
    compare_with_facts("broker.json", broker_config_table());
}

}  // namespace
}  // namespace glasslog::metadata
