// Our declarations against Kafka's message definitions.

#include "core/protocol/schema.hpp"

#include "core/protocol/api.hpp"
#include "tests/support/facts.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <fstream>
#include <map>

namespace glasslog::protocol {
namespace {

TEST(SchemaTest, IsJsonWithEveryMessage) {
    const auto schema = nlohmann::json::parse(schema_json());

    EXPECT_EQ(schema.size(), 103U);
    const auto& produce = schema.front();
    EXPECT_EQ(produce["name"], "ProduceRequest");
    EXPECT_EQ(produce["apiKey"], 0);
    EXPECT_EQ(produce["validVersions"], "3-13");
    EXPECT_EQ(produce["flexibleVersions"], "9+");
    EXPECT_EQ(produce["fields"][3]["type"], "[]TopicData");
    EXPECT_EQ(produce["fields"][3]["fields"][1]["versions"], "13+");
}

TEST(SchemaTest, AgreesWithKafkasDefinitions) {
    const auto facts = support::facts_folder();
    if (!facts) GTEST_SKIP() << "GLASSLOG_FACTS is not set";
    const std::string dump = testing::TempDir() + "glasslog-schema.json";
    std::ofstream(dump) << schema_json();

    const std::string command = *facts + "/tools/wire-schema-diff " + dump;

    EXPECT_EQ(std::system(command.c_str()), 0);
}

TEST(SchemaTest, ApisBelongToTheListenersThatKafkaNames) {
    const auto facts = support::facts_folder();
    if (!facts) GTEST_SKIP() << "GLASSLOG_FACTS is not set";
    std::ifstream in(*facts + "/reference/messages.json");
    std::map<std::int16_t, ListenerKinds> known;
    for (const auto& message : nlohmann::json::parse(in)) {
        if (message["type"] != "request") continue;
        ListenerKinds& kinds = known[message["apiKey"].get<std::int16_t>()];
        for (const auto& listener : message["listeners"]) {
            if (listener == "broker") kinds.broker = true;
            if (listener == "controller") kinds.controller = true;
        }
    }

    for (const Api& api : apis())
        EXPECT_TRUE(api.belongs_to == known[to_wire(api.key)]) << api.name;
}

}  // namespace
}  // namespace glasslog::protocol
