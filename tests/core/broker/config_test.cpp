// server.properties as people write them, and what a broker says of one that it cannot use.

#include "core/broker/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glasslog::broker {
namespace {

Expected<Config, InputError> config_of(const std::string& text) {
    auto properties = parse_properties(text, "server.properties");
    if (!properties) return Unexpected{properties.error()};
    return config_from(std::move(*properties), "server.properties");
}

TEST(ConfigTest, ReadsWhatKafkasSampleFilesContain) {
    const auto config = config_of(
        "# a comment\n"
        "process.roles=broker,controller\n"
        "node.id = 7\n"
        "listeners=PLAINTEXT://:9092,CONTROLLER://:9093\n"
        "controller.listener.names=CONTROLLER\n"
        "advertised.listeners=PLAINTEXT://example.org:19092\n"
        "log.dirs=/tmp/a\n"
        "log.retention.hours=168\n"
        "connections.max.idle.ms=2000\r\n");

    ASSERT_TRUE(config.has_value()) << config.error().text();
    EXPECT_EQ(config->node_id, NodeId(7));
    ASSERT_EQ(config->listeners.size(), 1U);
    EXPECT_EQ(config->listeners[0].bind.endpoint.text(), ":9092");
    EXPECT_EQ(config->listeners[0].advertised.text(), "example.org:19092");
    EXPECT_EQ(config->log_directory, "/tmp/a");
    EXPECT_EQ(config->connection_idle_max, Duration::seconds(2));
    EXPECT_EQ(config->properties.at("log.retention.hours"), "168");
}

TEST(ConfigTest, KnowsItsRolesAndItsQuorum) {
    const auto config = config_of(
        "process.roles=broker,controller\n"
        "node.id=2\n"
        "listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093\n"
        "controller.listener.names=CONTROLLER\n"
        "controller.quorum.bootstrap.servers=127.0.0.1:9093, 127.0.0.1:9094\n"
        "controller.quorum.fetch.timeout.ms=300\n"
        "glasslog.quorum.fast.election.ms=0\n"
        "broker.session.timeout.ms=1500\n");

    ASSERT_TRUE(config.has_value()) << config.error().text();
    EXPECT_TRUE(config->roles.is_broker && config->roles.is_controller);
    ASSERT_EQ(config->quorum.listeners.size(), 1U);
    EXPECT_EQ(config->quorum.listeners[0].bind.endpoint.port, 9093);
    ASSERT_EQ(config->quorum.bootstrap_servers.size(), 2U);
    EXPECT_EQ(config->quorum.bootstrap_servers[1].text(), "127.0.0.1:9094");
    EXPECT_EQ(config->quorum.timing.fetch_timeout, Duration::milliseconds(300));
    EXPECT_EQ(config->quorum.timing.fast_election_delay_max, Duration());
    EXPECT_EQ(config->life.session_timeout, Duration::milliseconds(1'500));
}

TEST(ConfigTest, RefusesRolesThatDoNotFitTheirListeners) {
    const auto refusal = [](const std::string& lines) {
        const auto config = config_of("controller.listener.names=CONTROLLER\n" + lines);
        return config ? std::string("taken") : config.error().text();
    };

    EXPECT_THAT(refusal("process.roles=zookeeper"), testing::HasSubstr("broker,controller"));
    EXPECT_THAT(refusal("process.roles=controller\nlisteners=PLAINTEXT://:9092"),
                testing::HasSubstr("CONTROLLER://127.0.0.1:9093"));
    EXPECT_THAT(refusal("process.roles=broker\nlisteners=PLAINTEXT://:9092"),
                testing::HasSubstr("controller.quorum.bootstrap.servers"));
    EXPECT_THAT(refusal("process.roles=broker\nlisteners=PLAINTEXT://:9092,CONTROLLER://:9093"),
                testing::HasSubstr("no controller cannot listen as CONTROLLER"));
    EXPECT_THAT(refusal("process.roles=controller\nlisteners=CONTROLLER://:9093\n"
                        "node.id=5\ncontroller.quorum.voters=1@h:1"),
                testing::HasSubstr("exactly its voters"));
    EXPECT_THAT(refusal("controller.quorum.voters=1@h:1,1@h:2"), testing::HasSubstr("twice"));
    EXPECT_THAT(refusal("controller.quorum.voters=h:1"), testing::HasSubstr("ID@HOST:PORT"));
}

TEST(ConfigTest, ContinuesALineAfterABackslash) {
    const auto properties = parse_properties("log.dirs=/tmp/\\\n   a\nnode.id: 3", "x");

    ASSERT_TRUE(properties.has_value());
    EXPECT_EQ(properties->at("log.dirs"), "/tmp/a");
    EXPECT_EQ(properties->at("node.id"), "3");
}

TEST(ConfigTest, NamesCauseAndBoundsOfABadValue) {
    EXPECT_EQ(config_of("num.partitions=0").error().text(),
              "server.properties: num.partitions=0 cannot be used; expected a number from 1 to "
              "2147483647; leave the key out to get its default");
    EXPECT_EQ(
        config_of("auto.create.topics.enable=yes").error().text(),
        "server.properties: auto.create.topics.enable=yes cannot be used; expected true or false");
    EXPECT_EQ(config_of("a=1\nnonsense\n").error().text(),
              "server.properties:2: 'nonsense' is no property; expected key=value");
    EXPECT_EQ(config_of("log.dirs=/a,/b").error().expected, "one directory");
    EXPECT_EQ(config_of("listeners=SSL://:9093").error().hint,
              "TLS and SASL are not supported yet");
}

// Topics take their defaults from the file; too late to find out when the first one is created.
TEST(ConfigTest, RefusesDefaultsOfTopicsThatCannotBeUsed) {
    for (const char* line : {"log.segment.bytes=4294967296",
                             "log.segment.bytes=abc",
                             "message.max.bytes=-1",
                             "compression.type=brotli"}) {
        const auto config = config_of(line);
        ASSERT_FALSE(config.has_value()) << line;
        EXPECT_THAT(config.error().text(), testing::HasSubstr(line));
    }
    EXPECT_TRUE(config_of("log.segment.bytes=1048576\nlog.retention.ms=-1").has_value());
}

TEST(ConfigTest, NamesKeysThatNobodyKnows) {
    const auto config =
        config_of("log.dirs=/tmp/a\nlog.segment.byte=5\nglasslog.reactors=2\nfoo=1");
    ASSERT_TRUE(config.has_value());
    EXPECT_THAT(unknown_keys(*config), testing::ElementsAre("foo", "log.segment.byte"));
}

TEST(ConfigTest, ReadsListenersOfEveryForm) {
    EXPECT_EQ(parse_listener("127.0.0.1:9092", "--listen")->endpoint.text(), "127.0.0.1:9092");
    EXPECT_EQ(parse_listener("EXTERNAL://[::1]:0", "--listen")->endpoint.text(), "[::1]:0");
    EXPECT_EQ(parse_listener("EXTERNAL://[::1]:0", "--listen")->name, "EXTERNAL");
    for (const char* bad : {"localhost", "host:", "host:70000", "host:-1", ""}) {
        EXPECT_EQ(parse_listener(bad, "--listen").error().hint,
                  "for example 127.0.0.1:9092; port 0 takes any free one")
            << bad;
    }
}

}  // namespace
}  // namespace glasslog::broker
