// What a controller's listener answers, over a service whose quorum is node 1 alone.

#include "core/broker/controller_apis.hpp"

#include "core/protocol/codec.hpp"
#include "tests/core/metadata/service_lab.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glasslog::broker {
namespace {

using protocol::WireError;
using testing::ElementsAre;

class ControllerApisTest : public testing::Test {
protected:
    ControllerApisTest() : started_(lab_.start()), apis_(lab_.service(), config_, "cluster") {
        EXPECT_TRUE(started_);
    }

    // Listens as CONTROLLER at port 9000 + id, as SECOND at 9500 + id.
    void register_controller(int id) {
        using Response = protocol::ControllerRegistrationResponse;
        protocol::ControllerRegistrationRequest request;
        request.controller_id = NodeId(id);
        const auto port = static_cast<std::uint16_t>(9000 + id);
        request.listeners.push_back({"CONTROLLER", "host", port, 0});
        request.listeners.push_back({"SECOND", "host", static_cast<std::uint16_t>(port + 500), 0});
        request.features = metadata::test::registration_of(NodeId(id), 1, {}).features;
        const auto answer = lab_.await<Response>([&](auto done) {
            lab_.service().handle<Response>(request, protocol::Version(0), std::move(done));
        });
        ASSERT_TRUE(answer.has_value());
        ASSERT_EQ(answer->error_code, WireError::none);
    }

    std::vector<std::pair<NodeId, std::int32_t>> describe(const std::string& listener) {
        const protocol::Version version(1);
        protocol::DescribeClusterRequest request;
        request.endpoint_type = 2;
        std::vector<std::pair<NodeId, std::int32_t>> nodes;
        const bool is_taken = apis_.serve(
            listener,
            protocol::ApiKey::describe_cluster,
            version,
            protocol::encode(request, version).flatten(),
            [&](const Payload& body) {
                const auto answer =
                    protocol::decode<protocol::DescribeClusterResponse>(body.flatten(), version);
                ASSERT_TRUE(answer.has_value());
                EXPECT_EQ(answer->controller_id, NodeId(1));
                for (const auto& node : answer->brokers)
                    nodes.emplace_back(node.broker_id, node.port);
            });
        EXPECT_TRUE(is_taken);
        return nodes;
    }

    metadata::test::ServiceLab lab_;
    Config config_;
    bool started_;
    ControllerApis apis_;
};

// KIP-919: a controller that votes no more still is one, and listens.
TEST_F(ControllerApisTest, DescribesTheRegisteredControllersWhetherTheyVoteOrNot) {
    register_controller(1);
    register_controller(3);

    EXPECT_THAT(describe("CONTROLLER"),
                ElementsAre(std::pair(NodeId(1), 9001), std::pair(NodeId(3), 9003)));
    EXPECT_THAT(describe("SECOND"),
                ElementsAre(std::pair(NodeId(1), 9501), std::pair(NodeId(3), 9503)));
    EXPECT_THAT(describe("OTHER"), ElementsAre());
}

TEST_F(ControllerApisTest, DescribesTheVotersBeforeAnyControllerIsRegistered) {
    EXPECT_THAT(describe("CONTROLLER"), ElementsAre(std::pair(NodeId(1), 9093)));
}

}  // namespace
}  // namespace glasslog::broker
