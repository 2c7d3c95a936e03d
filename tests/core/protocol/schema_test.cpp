// Our declarations against Kafka's message definitions.

#include "core/protocol/schema.hpp"

#include "tests/support/facts.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <fstream>

namespace glasslog::protocol {
namespace {

TEST(SchemaTest, IsJsonWithEveryMessage) {
    const auto schema = nlohmann::json::parse(schema_json());

    EXPECT_EQ(schema.size(), 65U);
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

}  // namespace
}  // namespace glasslog::protocol
