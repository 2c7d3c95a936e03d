#include "core/cli/storage_config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace glasslog::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Expected<StorageConfig, InputError> read(const std::string& text) {
    const auto properties = broker::parse_properties(text, "server.properties");
    EXPECT_TRUE(properties);
    return storage_config_from(*properties, "server.properties");
}

TEST(StorageConfigTest, KnowsACombinedNode) {
    const auto config = read(
        "process.roles=broker,controller\nnode.id=3\nlog.dirs=/a, /b\n"
        "listeners=PLAINTEXT://:9092,CONTROLLER://127.0.0.1:9093\n"
        "controller.listener.names=CONTROLLER\ncontroller.quorum.bootstrap.servers=x:1\n");

    ASSERT_TRUE(config) << config.error().text();
    EXPECT_EQ(config->node, NodeId(3));
    EXPECT_TRUE(config->is_controller);
    EXPECT_FALSE(config->has_configured_voters);
    EXPECT_THAT(config->directories(), ElementsAre("/a", "/b"));
    EXPECT_EQ(config->metadata, "/a");
    ASSERT_TRUE(config->controller_endpoint);
    EXPECT_EQ(config->controller_endpoint->host, "127.0.0.1");
    EXPECT_EQ(config->controller_endpoint->port, 9093);
}

TEST(StorageConfigTest, PutsTheMetadataWhereItsOwnKeySays) {
    const auto config = read("log.dirs=/a,/b\nmetadata.log.dir=/b\n");
    const auto apart = read("log.dirs=/a\nmetadata.log.dir=/c\n");

    ASSERT_TRUE(config && apart);
    EXPECT_THAT(config->directories(), ElementsAre("/b", "/a"));
    EXPECT_THAT(apart->directories(), ElementsAre("/c", "/a"));
}

TEST(StorageConfigTest, AdvertisesTheControllerWhereItSays) {
    const std::string file = "log.dirs=/a\ncontroller.listener.names=CTL\nlisteners=CTL://:9093\n";
    const auto plain = read(file);
    const auto advertised = read(file + "advertised.listeners=CTL://outside:19093\n");

    ASSERT_TRUE(plain && advertised);
    EXPECT_EQ(plain->controller_endpoint->host, "localhost");
    EXPECT_EQ(advertised->controller_endpoint->host, "outside");
    EXPECT_EQ(advertised->controller_endpoint->port, 19093);
}

TEST(StorageConfigTest, TellsBrokersFromControllers) {
    EXPECT_FALSE(read("log.dirs=/a\nprocess.roles=broker\n")->is_controller);
    EXPECT_TRUE(read("log.dirs=/a\nprocess.roles=controller\n")->is_controller);
    EXPECT_TRUE(read("log.dirs=/a\n")->is_controller);
    EXPECT_TRUE(read("log.dirs=/a\ncontroller.quorum.voters=1@a:1\n")->has_configured_voters);
}

TEST(StorageConfigTest, RefusesWhatCannotBeUsed) {
    EXPECT_THAT(read("node.id=1\n").error().text(), HasSubstr("log.dirs=DIRECTORY"));
    EXPECT_THAT(read("log.dirs=/a\nnode.id=-2\n").error().text(), HasSubstr("node.id=-2"));
    EXPECT_THAT(read("log.dirs=/a\nprocess.roles=zoo\n").error().text(), HasSubstr("'zoo'"));
}

TEST(InitialControllersTest, AreReadAsKafkaWritesThem) {
    const auto voters = parse_initial_controllers(
        "2@localhost:12722:3hmAvgrVSXG9dOwvT08rbA, 1@[::1]:12721:vzH3etEoRfGgHh8ISBSSTg",
        "CONTROLLER");

    ASSERT_TRUE(voters) << voters.error().text();
    ASSERT_EQ(voters->voters.size(), 2U);
    const auto& first = voters->voters.front();
    EXPECT_EQ(first.voter_id, NodeId(1));
    EXPECT_EQ(first.voter_directory_id.text(), "vzH3etEoRfGgHh8ISBSSTg");
    EXPECT_EQ(first.endpoints.at(0).name, "CONTROLLER");
    EXPECT_EQ(first.endpoints.at(0).host, "::1");
    EXPECT_EQ(first.endpoints.at(0).port, 12721);
    EXPECT_EQ(first.kraft_version_feature.max_supported_version, 1);
    EXPECT_EQ(voters->voters.back().voter_id, NodeId(2));
}

struct Wrong {
    const char* text;
    const char* why;
};

TEST(InitialControllersTest, RefusesWhatIsNoneAndSaysWhich) {
    for (const Wrong& wrong :
         {Wrong{"", "nobody"},
          {"localhost:1:vzH3etEoRfGgHh8ISBSSTg", "no @"},
          {"x@localhost:1:vzH3etEoRfGgHh8ISBSSTg", "no number"},
          {"-1@localhost:1:vzH3etEoRfGgHh8ISBSSTg", "no number"},
          {"1@localhost", "no port and directory"},
          {"1@localhost:12722", "no host, port and directory"},
          {"1@localhost:0:vzH3etEoRfGgHh8ISBSSTg", "1 to 65535"},
          {"1@localhost:70000:vzH3etEoRfGgHh8ISBSSTg", "1 to 65535"},
          {"1@localhost:1:short", "directory id"},
          {"1@a:1:vzH3etEoRfGgHh8ISBSSTg,1@b:1:3hmAvgrVSXG9dOwvT08rbA", "twice"}}) {
        const auto voters = parse_initial_controllers(wrong.text, "CONTROLLER");

        ASSERT_FALSE(voters) << wrong.text;
        EXPECT_THAT(voters.error().text(), HasSubstr(wrong.why));
        EXPECT_THAT(voters.error().text(), HasSubstr("for example 1@"));
    }
}

TEST(FeaturesTest, AreNamesAndLevels) {
    const auto features = parse_features({"group.version=1", "transaction.version=2"});
    const auto twice = parse_features({"group.version=1", "group.version=0"});
    const auto no_level = parse_features({"group.version=high"});
    const auto no_sign = parse_features({"group.version"});

    ASSERT_TRUE(features);
    EXPECT_EQ(features->at("group.version"), 1);
    EXPECT_EQ(features->at("transaction.version"), 2);
    ASSERT_FALSE(twice || no_level || no_sign);
    EXPECT_THAT(twice.error().text(), HasSubstr("twice"));
    EXPECT_THAT(no_level.error().text(), HasSubstr("NAME=LEVEL"));
}

}  // namespace
}  // namespace glasslog::cli
