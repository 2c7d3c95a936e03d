// The way to the active controller, against controllers of which one is told to lead.

#include "core/broker/controller_channel.hpp"

#include "core/broker/config.hpp"
#include "core/broker/node_options.hpp"
#include "core/protocol/codec.hpp"
#include "core/protocol/messages/api_versions.hpp"
#include "core/protocol/messages/envelope.hpp"
#include "core/protocol/messages/fetch.hpp"
#include "core/rpc/server.hpp"
#include "core/storage/log_directory.hpp"
#include "sim/world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>

namespace glasslog::broker {
namespace {

using protocol::WireError;

class Host final : public sim::Program {
public:
    void start() override {}
};

// A controller that leads an empty log and answers every envelope with one error.
class RefusingController final : public rpc::Handler {
public:
    void handle(const rpc::ConnectionFacts&, rpc::Request request) override {
        const protocol::Version version = request.header.request_api_version;
        switch (request.header.request_api_key) {
            case protocol::ApiKey::api_versions:
                return request.responder.respond(protocol::encode(versions(), version));
            case protocol::ApiKey::fetch:
                fetches_.push_back(std::move(request));
                if (fetches_.size() == 1) answer_fetch();
                return;
            case protocol::ApiKey::envelope:
                ++envelope_count;
                return request.responder.respond(
                    protocol::encode(protocol::EnvelopeResponse{std::nullopt, error}, version));
            default:
                request.responder.close_connection();
        }
    }

    // The last one waits, as a long poll does.
    void answer_fetch() {
        rpc::Request& request = fetches_.back();
        protocol::FetchResponse response;
        auto& partition = response.responses.emplace_back().partitions.emplace_back();
        partition.high_watermark = Offset(0);
        partition.current_leader = {NodeId(2), LeaderEpoch(1)};
        response.responses[0].topic_id = Uuid{0, 1};
        response.node_endpoints.push_back({NodeId(2), "controller", 9093, std::nullopt});
        request.responder.respond(protocol::encode(response, request.header.request_api_version));
    }

    WireError error = WireError::none;
    int envelope_count = 0;

private:
    static protocol::ApiVersionsResponse versions() {
        protocol::ApiVersionsResponse response;
        for (const protocol::Api& api : protocol::apis())
            response.api_keys.push_back({api.key, api.versions.first, api.versions.last});
        return response;
    }

    std::vector<rpc::Request> fetches_;
};

class ControllerChannelTest : public testing::Test {
protected:
    ControllerChannelTest() : world_({.seed = 3}) {
        add_node("broker", broker_runtimes_);
        add_node("controller", controller_runtimes_);
        world_.run_for(Duration::milliseconds(1));
        server_ = std::make_unique<rpc::Server>(controller_runtimes_.front(),
                                                rpc::ServerLimits{},
                                                controller_);
        EXPECT_TRUE(server_
                        ->listen({.name = "CONTROLLER",
                                  .endpoint = {.host = "controller", .port = 9093}})
                        .has_value());
        auto config = config_from({{"process.roles", "broker"},
                                   {"node.id", "1"},
                                   {"listeners", "PLAINTEXT://broker:9092"},
                                   {"controller.listener.names", "CONTROLLER"},
                                   {"controller.quorum.bootstrap.servers", "controller:9093"},
                                   {"log.dirs", "data"}},
                                  "test");
        EXPECT_TRUE(config.has_value());
        config_ = *std::move(config);
        start_channel();
    }

    // Handles of the world go before it does.
    void TearDown() override {
        channel_.reset();
        apis_.reset();
        service_.reset();
        directory_.reset();
        server_.reset();
    }

    void add_node(const std::string& name, std::vector<runtime::Runtime>& into) {
        sim::NodeConfig config;
        config.name = name;
        world_.start(world_.add_node(config, [&into](std::vector<runtime::Runtime> given) {
            for (const runtime::Runtime& one : given)
                into.push_back(one);
            return std::make_unique<Host>();
        }));
    }

    void start_channel() {
        const runtime::Runtime& runtime = broker_runtimes_.front();
        directory_ = std::make_unique<storage::LogDirectory>(runtime, "data");
        std::optional<storage::OpenedDirectory> opened;
        storage::OpenDirectory how;
        how.format = storage::MetaProperties{"cluster", NodeId(1), {3, 3}};
        directory_->open(std::move(how), [&](Expected<storage::OpenedDirectory, IoError> got) {
            opened = *std::move(got);
        });
        world_.run_until([&] { return opened.has_value(); }, Duration::seconds(5));
        service_ = std::make_unique<metadata::Service>(runtime,
                                                       *directory_,
                                                       service_options(config_, *opened, {}));
        apis_ = std::make_unique<ControllerApis>(*service_, config_, "cluster");
        channel_ = std::make_unique<ControllerChannel>(runtime, *service_, *apis_, config_);
        service_->start([](const Expected<void, IoError>& started) {
            EXPECT_TRUE(started.has_value());
        });
        EXPECT_TRUE(world_.run_until([&] { return channel_->controller_endpoint().has_value(); },
                                     Duration::seconds(5)));
    }

    // The answer to the creation of a topic, and how long it took.
    std::pair<WireError, Duration> create_topic() {
        protocol::CreateTopicsRequest request;
        request.topics.emplace_back().name = "orders";
        std::optional<WireError> got;
        const Instant begin = world_.now();
        channel_->forward<protocol::CreateTopicsResponse>(
            std::move(request),
            protocol::Version(7),
            [&](const protocol::CreateTopicsResponse& response) {
                got = response.topics.at(0).error_code;
            });
        EXPECT_TRUE(world_.run_until([&] { return got.has_value(); }, Duration::seconds(60)));
        return {got.value_or(WireError::none), world_.now() - begin};
    }

    sim::World world_;
    std::vector<runtime::Runtime> broker_runtimes_;
    std::vector<runtime::Runtime> controller_runtimes_;
    RefusingController controller_;
    std::unique_ptr<rpc::Server> server_;
    Config config_;
    std::unique_ptr<storage::LogDirectory> directory_;
    std::unique_ptr<metadata::Service> service_;
    std::unique_ptr<ControllerApis> apis_;
    std::unique_ptr<ControllerChannel> channel_;
};

TEST_F(ControllerChannelTest, ARefusedEnvelopeIsAnAnswer) {
    controller_.error = WireError::cluster_authorization_failed;

    const auto [error, time] = create_topic();

    EXPECT_EQ(error, WireError::request_timed_out);
    EXPECT_LT(time, Duration::seconds(1));
    EXPECT_EQ(controller_.envelope_count, 1) << "it would refuse again";
}

TEST_F(ControllerChannelTest, AControllerThatIsNoneIsAskedAgainUntilTimeIsUp) {
    controller_.error = WireError::not_controller;

    const auto [error, time] = create_topic();

    EXPECT_EQ(error, WireError::request_timed_out);
    EXPECT_GE(time, Duration::seconds(30));
    EXPECT_GT(controller_.envelope_count, 100);
}

}  // namespace
}  // namespace glasslog::broker
