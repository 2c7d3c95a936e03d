#pragma once

// A fake broker on one simulated node and room for clients on another.

#include "core/client/cluster.hpp"
#include "sim/world.hpp"
#include "tests/core/client/fake_broker.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace glasslog::client {

// A node that does nothing but lend its runtimes to the test.
class Host final : public sim::Program {
public:
    void start() override {}
};

class ClientRoomTest : public testing::Test {
protected:
    static constexpr Duration patience = Duration::seconds(600);

    ClientRoomTest() : world_({.seed = 11}), broker_({.host = "broker", .port = 9092}) {
        add_node("broker", broker_runtimes_);
        add_node("client", client_runtimes_);
        world_.run_for(Duration::milliseconds(1));
        broker_.logs[0];
        server_ =
            std::make_unique<rpc::Server>(broker_runtimes_.front(), rpc::ServerLimits{}, broker_);
        const auto bound =
            server_->listen({.name = "PLAINTEXT", .endpoint = {.host = "broker", .port = 9092}});
        EXPECT_TRUE(bound.has_value());
    }

    // Handles of the world go before it does.
    void TearDown() override {
        broker_.unanswered.clear();
        server_.reset();
    }

    void add_node(const std::string& name, std::vector<runtime::Runtime>& into) {
        sim::NodeConfig config;
        config.name = name;
        const NodeId node = world_.add_node(config, [&into](std::vector<runtime::Runtime> given) {
            into.clear();
            for (const runtime::Runtime& one : given)
                into.push_back(one);
            return std::make_unique<Host>();
        });
        world_.start(node);
    }

    runtime::Runtime& runtime() { return client_runtimes_.front(); }

    static ClusterConfig cluster_config() {
        ClusterConfig config;
        config.bootstrap = {{.host = "broker", .port = 9092}};
        return config;
    }

    bool run_until(UniqueFunction<bool()> finished) {
        return world_.run_until(std::move(finished), patience);
    }

    sim::World world_;
    std::vector<runtime::Runtime> broker_runtimes_;
    std::vector<runtime::Runtime> client_runtimes_;
    FakeBroker broker_;
    std::unique_ptr<rpc::Server> server_;
};

}  // namespace glasslog::client
