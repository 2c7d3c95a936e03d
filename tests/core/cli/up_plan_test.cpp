// Which nodes `glasslog up` runs, and the files that say so.

#include "core/cli/up_plan.hpp"

#include "core/broker/config.hpp"
#include "core/cli/up_files.hpp"

#include <gmock/gmock.h>

namespace glasslog::cli {
namespace {

using testing::HasSubstr;

ClusterPlan plan_of(PlanWish wish) {
    wish.directory = "/c";
    auto plan = new_plan(wish);
    EXPECT_TRUE(plan.has_value());
    return *plan;
}

std::string refusal_of(PlanWish wish) {
    wish.directory = "/c";
    const auto plan = new_plan(wish);
    return plan ? "accepted" : plan.error().text();
}

// "1 broker,controller 127.0.0.1:9092 127.0.0.1:10092"
std::string text_of(const NodePlan& node) {
    return fmt::format("{} {} {} {}",
                       node.id,
                       node.roles(),
                       node.broker ? node.broker->text() : "-",
                       node.controller ? node.controller->text() : "-");
}

TEST(UpPlanTest, EveryNodeIsBothByDefault) {
    const ClusterPlan plan = plan_of({});

    ASSERT_EQ(plan.nodes.size(), 3u);
    EXPECT_EQ(text_of(plan.nodes[0]), "1 broker,controller 127.0.0.1:9092 127.0.0.1:10092");
    EXPECT_EQ(text_of(plan.nodes[2]), "3 broker,controller 127.0.0.1:9094 127.0.0.1:10094");
    EXPECT_EQ(plan.nodes[2].data, "/c/node-3/data");
    EXPECT_EQ(plan.nodes[2].config_file(), "/c/node-3/server.properties");
    EXPECT_EQ(broker_list(plan), "127.0.0.1:9092,127.0.0.1:9093,127.0.0.1:9094");
    EXPECT_EQ(controller_list(plan), "127.0.0.1:10092,127.0.0.1:10093,127.0.0.1:10094");
}

TEST(UpPlanTest, BrokersComeBeforeControllersOfTheirOwn) {
    const ClusterPlan plan = plan_of({.controllers = 1, .brokers = 2, .port = 19092});

    ASSERT_EQ(plan.nodes.size(), 3u);
    EXPECT_EQ(text_of(plan.nodes[0]), "1 broker 127.0.0.1:19092 -");
    EXPECT_EQ(text_of(plan.nodes[1]), "2 broker 127.0.0.1:19093 -");
    EXPECT_EQ(text_of(plan.nodes[2]), "3 controller - 127.0.0.1:20094");
}

TEST(UpPlanTest, RefusesWhatIsNoCluster) {
    EXPECT_THAT(refusal_of({.brokers = 2}), HasSubstr("--controllers N and --brokers M together"));
    EXPECT_THAT(refusal_of({.controllers = 2}), HasSubstr("--nodes N makes nodes that are both"));
    EXPECT_THAT(refusal_of({.nodes = 3, .port = 64'534}), HasSubstr("ports up to 65535"));
    EXPECT_EQ(refusal_of({.nodes = 3, .port = 64'533}), "accepted");
}

TEST(UpPlanTest, WhatItWritesIsWhatABrokerReads) {
    for (const PlanWish& wish :
         {PlanWish{}, PlanWish{.nodes = 1}, PlanWish{.controllers = 3, .brokers = 2}}) {
        const ClusterPlan plan = plan_of(wish);
        for (const NodePlan& node : plan.nodes) {
            const std::string text = properties_text(plan, node);
            const auto read = read_node(text, "file", node.directory);
            ASSERT_TRUE(read.has_value()) << read.error().text() << "\n" << text;
            EXPECT_EQ(*read, node);

            auto properties = broker::parse_properties(text, "file");
            const auto config = broker::config_from(std::move(*properties), "file");
            EXPECT_THAT(broker::unknown_keys(*config), testing::IsEmpty());
            EXPECT_EQ(config->quorum.bootstrap_servers.size(),
                      static_cast<std::size_t>(wish.controllers.value_or(wish.nodes.value_or(3))));
            EXPECT_TRUE(config->quorum.voters.empty());
        }
    }
}

TEST(UpPlanTest, TopicsOfKafkasOwnHaveNoMoreCopiesThanThereAreBrokers) {
    const ClusterPlan one = plan_of({.nodes = 1});
    EXPECT_THAT(properties_text(one, one.nodes[0]),
                HasSubstr("offsets.topic.replication.factor=1\n"
                          "transaction.state.log.replication.factor=1\n"
                          "transaction.state.log.min.isr=1\n"));

    const ClusterPlan five = plan_of({.nodes = 5});
    EXPECT_THAT(properties_text(five, five.nodes[0]),
                HasSubstr("offsets.topic.replication.factor=3\n"
                          "transaction.state.log.replication.factor=3\n"
                          "transaction.state.log.min.isr=2\n"));
}

TEST(UpPlanTest, AClusterThatExistsIsRunAsItIs) {
    const ClusterPlan three = plan_of({.port = 19092});
    const ClusterPlan apart = plan_of({.controllers = 1, .brokers = 2});
    const auto answer = [](const ClusterPlan& plan, const PlanWish& wish) {
        const auto checked = check_wish(plan, wish);
        return checked ? "accepted" : checked.error().text();
    };

    EXPECT_EQ(answer(three, {}), "accepted");
    EXPECT_EQ(answer(three, {.nodes = 3, .port = 19092}), "accepted");
    EXPECT_THAT(answer(three, {.nodes = 4}), HasSubstr("/c holds a cluster of 3 nodes"));
    EXPECT_THAT(answer(three, {.port = 9092}), HasSubstr("/c holds a cluster on port 19092"));
    EXPECT_THAT(answer(three, {.controllers = 3, .brokers = 3}), HasSubstr("another --data"));
    EXPECT_EQ(answer(apart, {.controllers = 1, .brokers = 2}), "accepted");
    EXPECT_THAT(answer(apart, {.nodes = 3}), HasSubstr("of 1 controllers and 2 brokers"));
    EXPECT_THAT(answer(apart, {.controllers = 1, .brokers = 3}), HasSubstr("--brokers"));
}

TEST(UpPlanTest, IdentitiesComeBackFromTheirFile) {
    const Identities written{.cluster_id = "MkU3OEVBNTcwNTJENDM2Qg",
                             .directory_ids = {{NodeId(1), Uuid{1, 2}}, {NodeId(12), Uuid{3, 4}}},
                             .is_complete = true};

    const auto read = read_identities(identities_text(written), "file");

    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(*read, written);
    EXPECT_FALSE(read_identities("cluster.id=x\nformatted=false\n", "file")->is_complete);
    EXPECT_THAT(read_identities("formatted=true\n", "file").error().text(),
                HasSubstr("no cluster.id"));
    EXPECT_THAT(read_identities("cluster.id=x\nnode.1.directory.id=short\n", "file").error().text(),
                HasSubstr("node.1.directory.id=short"));
}

TEST(UpPlanTest, TheRecordComesBackFromItsFile) {
    const UpRecord written{.up = {.pid = 100, .start = 200},
                           .nodes = {{.id = NodeId(1),
                                      .process = {.pid = 101, .start = 201},
                                      .starts = 2,
                                      .state = "up",
                                      .ending = "killed by signal 9 (Killed): last \"words\""},
                                     {.id = NodeId(2), .state = "down"}}};

    EXPECT_EQ(parse_record(record_text(written)), written);
    EXPECT_EQ(written.find(NodeId(2))->state, "down");
    EXPECT_EQ(written.find(NodeId(3)), nullptr);
}

TEST(UpPlanTest, ADamagedRecordIsNone) {
    for (const char* text : {"",
                             "{",
                             "[]",
                             "{}",
                             R"({"pid":1,"start":2})",
                             R"({"pid":1,"start":2,"nodes":{}})",
                             R"({"pid":1,"start":2,"nodes":[1]})",
                             R"({"pid":"1","start":2,"nodes":[]})"}) {
        EXPECT_EQ(parse_record(text), std::nullopt) << text;
    }
}

TEST(UpPlanTest, AProcessIsKnownByItsStartToo) {
    const ProcessRecord self = own_process();

    EXPECT_TRUE(is_alive(self));
    EXPECT_FALSE(is_alive({.pid = self.pid, .start = self.start + 1}));
    EXPECT_FALSE(is_alive({}));
}

}  // namespace
}  // namespace glasslog::cli
