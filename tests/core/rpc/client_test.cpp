#include "core/protocol/messages/metadata.hpp"
#include "core/protocol/messages/produce.hpp"
#include "tests/core/rpc/rig.hpp"

namespace glasslog::rpc {
namespace {

using protocol::ApiKey;
using protocol::MetadataRequest;
using protocol::MetadataResponse;

// Says which versions it speaks, and leaves the rest to the test.
class SpeakingHandler final : public Handler {
public:
    void handle(const ConnectionFacts&, Request request) override {
        if (request.header.request_api_key != ApiKey::api_versions) {
            requests.push_back(std::move(request));
            return;
        }
        ++negotiated_count;
        protocol::ApiVersionsResponse response;
        const protocol::Version asked = request.header.request_api_version;
        const bool is_too_new = asked.value() > api_versions_max;
        if (is_too_new) response.error_code = protocol::WireError::unsupported_version;
        response.api_keys.push_back({ApiKey::api_versions, 0, api_versions_max});
        response.api_keys.push_back({ApiKey::metadata, 0, metadata_max});
        response.api_keys.push_back({ApiKey::produce, 3, 9});
        request.responder.respond(
            protocol::encode(response, is_too_new ? protocol::Version{0} : asked));
    }

    void answer(std::size_t index) {
        const protocol::Version version = requests[index].header.request_api_version;
        requests[index].responder.respond(protocol::encode(MetadataResponse{}, version));
    }

    std::int16_t api_versions_max = 4;
    std::int16_t metadata_max = 12;
    int negotiated_count = 0;
    std::vector<Request> requests;
};

class ClientTest : public RpcTest {
protected:
    using Result = Expected<Answered<MetadataResponse>, RpcError>;

    void start(const ClientConfig& config = {}) {
        world_.run_for(Duration::milliseconds(1));
        server_ = std::make_unique<Server>(server_runtime(), ServerLimits{}, speaking_);
        endpoint_ = {.host = "server", .port = 9092};
        ASSERT_TRUE(server_->listen({.name = "PLAINTEXT", .endpoint = endpoint_}));
        make_client(config);
    }

    void make_client(const ClientConfig& config) {
        client_ = std::make_unique<Client>(client_runtime(), endpoint_, config);
    }

    void TearDown() override {
        client_.reset();
        RpcTest::TearDown();
    }

    void ask(const SendOptions& options = {}) {
        client_->send<MetadataResponse>(MetadataRequest{}, options, [this](Result result) {
            results_.push_back(std::move(result));
        });
    }

    RpcFailure failure(std::size_t index) const { return results_.at(index).error().failure; }

    SpeakingHandler speaking_;
    std::unique_ptr<Client> client_;
    std::vector<Result> results_;
};

TEST_F(ClientTest, SpeaksTheHighestVersionOfBothSides) {
    start();

    ask();
    ask({.version_max = protocol::Version{5}});
    ASSERT_TRUE(run_until([&] { return speaking_.requests.size() == 2; }));
    speaking_.answer(0);
    speaking_.answer(1);

    ASSERT_TRUE(run_until([&] { return results_.size() == 2; }));
    EXPECT_EQ(results_[0]->version, protocol::Version{12});
    EXPECT_EQ(results_[1]->version, protocol::Version{5});
    EXPECT_EQ(speaking_.negotiated_count, 1);
}

TEST_F(ClientTest, AsksAgainInVersionZeroWhenItsOwnIsTooNew) {
    speaking_.api_versions_max = 1;
    start();

    ask();
    ASSERT_TRUE(run_until([&] { return speaking_.requests.size() == 1; }));

    EXPECT_EQ(speaking_.negotiated_count, 2);
    EXPECT_EQ(client_->peer_versions()->at(ApiKey::api_versions).last, 1);
}

TEST_F(ClientTest, FailsWhatThePeerDoesNotSpeakAndSendsTheRest) {
    start();
    std::optional<RpcError> error;

    client_->send<protocol::ProduceResponse>(protocol::ProduceRequest{},
                                             {.version_max = protocol::Version{2}},
                                             [&](const auto& result) { error = result.error(); });
    ask();

    ASSERT_TRUE(run_until([&] { return error.has_value() && speaking_.requests.size() == 1; }));
    EXPECT_EQ(error->failure, RpcFailure::unsupported);
    EXPECT_NE(error->detail.find("Produce 3-9"), std::string::npos) << error->detail;
}

// A request that an older version would turn into another one is not sent at all.
TEST_F(ClientTest, DoesNotAskBelowTheOldestVersionThatServes) {
    start();

    ask({.version_min = protocol::Version{12}});
    ask({.version_min = protocol::Version{13}});

    ASSERT_TRUE(run_until([&] { return results_.size() == 1 && speaking_.requests.size() == 1; }));
    EXPECT_EQ(failure(0), RpcFailure::unsupported);
    EXPECT_EQ(speaking_.requests[0].header.request_api_version, protocol::Version{12});
}

TEST_F(ClientTest, KeepsNoMoreInFlightThanTheLimit) {
    start({.in_flight_count_max = 2});
    for (int i = 0; i < 4; ++i)
        ask();

    world_.run_for(Duration::seconds(1));
    EXPECT_EQ(speaking_.requests.size(), 2U);
    EXPECT_EQ(client_->queued_count(), 2U);
    speaking_.answer(0);

    ASSERT_TRUE(run_until([&] { return speaking_.requests.size() == 3; }));
}

TEST_F(ClientTest, RefusesWhatItsQueueCannotHold) {
    start({.queued_count_max = 3});

    for (int i = 0; i < 4; ++i)
        ask();
    EXPECT_TRUE(results_.empty());

    ASSERT_TRUE(run_until([&] { return results_.size() == 1; }));
    EXPECT_EQ(failure(0), RpcFailure::full);
}

TEST_F(ClientTest, GivesUpTheConnectionWhenAnAnswerDoesNotCome) {
    start();
    const Instant before = world_.now();
    ask({.timeout = Duration::seconds(2)});
    ask({.timeout = Duration::seconds(60)});

    ASSERT_TRUE(run_until([&] { return results_.size() == 2; }));
    EXPECT_EQ(failure(0), RpcFailure::timed_out);
    EXPECT_GE(world_.now() - before, Duration::milliseconds(1990));
    EXPECT_FALSE(client_->is_connected());
    speaking_.requests.clear();

    ask();
    ASSERT_TRUE(run_until([&] { return speaking_.requests.size() == 1; }));
    EXPECT_EQ(speaking_.negotiated_count, 2);
}

TEST_F(ClientTest, TellsThatNobodyListensAndWaitsLongerEachTime) {
    endpoint_ = {.host = "server", .port = 1};
    world_.run_for(Duration::milliseconds(1));
    make_client({});

    std::vector<Duration> gaps;
    for (std::size_t i = 0; i < 5; ++i) {
        const Instant before = world_.now();
        ask();
        ASSERT_TRUE(run_until([&] { return results_.size() == i + 1; }));
        EXPECT_EQ(failure(i), RpcFailure::unreachable);
        gaps.push_back(world_.now() - before);
    }

    EXPECT_LT(gaps[0], Duration::milliseconds(30));
    EXPECT_GE(gaps[2], Duration::milliseconds(75));
    EXPECT_GE(gaps[4], Duration::milliseconds(300));
}

TEST_F(ClientTest, FailsEverythingInFlightWhenTheConnectionIsLost) {
    start();
    ask();
    ask();
    ASSERT_TRUE(run_until([&] { return speaking_.requests.size() == 2; }));

    speaking_.requests.clear();

    ASSERT_TRUE(run_until([&] { return results_.size() == 2; }));
    EXPECT_EQ(failure(0), RpcFailure::lost);
    EXPECT_EQ(failure(1), RpcFailure::lost);
}

TEST_F(ClientTest, RefusesAnAnswerThatCannotBeRead) {
    start();
    ask();
    ASSERT_TRUE(run_until([&] { return speaking_.requests.size() == 1; }));

    speaking_.requests[0].responder.respond(Bytes::copy_of(as_bytes("nonsense")));

    ASSERT_TRUE(run_until([&] { return results_.size() == 1; }));
    EXPECT_EQ(failure(0), RpcFailure::garbage);
}

TEST_F(ClientTest, EndsAOneWayRequestWhenItHasLeft) {
    start();
    bool is_sent = false;

    client_->send<protocol::ProduceResponse>(
        protocol::ProduceRequest{},
        {.answer = AnswerKind::none},
        [&](const auto& result) { is_sent = result.has_value(); });

    ASSERT_TRUE(run_until([&] { return is_sent && speaking_.requests.size() == 1; }));
    EXPECT_EQ(client_->in_flight_count(), 0U);
}

}  // namespace
}  // namespace glasslog::rpc
