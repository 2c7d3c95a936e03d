// What a broker tells that it serves, and what it does with requests of everything else.

#include "core/protocol/api.hpp"
#include "core/protocol/frame.hpp"
#include "core/protocol/messages/api_versions.hpp"
#include "tests/core/broker/broker_lab.hpp"
#include "tests/support/golden.hpp"

#include <gtest/gtest.h>

namespace glasslog::broker::test {
namespace {

using protocol::ApiKey;
using protocol::Version;

Payload initial_request(ApiKey key, Version version) {
    const protocol::RequestHeader header{key, version, CorrelationId{1}, "test"};
    return protocol::encode_request_frame(
        header,
        protocol::encode_initial(key, version, protocol::Side::request));
}

TEST(DispatcherTest, TellsWhatABrokerOfKafkaTellsOfTheApisThatAreServed) {
    BrokerLab lab;
    protocol::ApiVersionsRequest request;
    request.client_software_name = "test";
    request.client_software_version = "1";

    const auto answer = lab.ask<protocol::ApiVersionsResponse>(lab.connect(), request, Version(4));

    ASSERT_TRUE(answer.has_value());
    std::string told;
    for (const auto& api : answer->api_keys) {
        told += fmt::format("{} {} {} {}\n",
                            protocol::to_wire(api.api_key),
                            protocol::api_name(api.api_key),
                            api.min_version,
                            api.max_version);
    }
    const Bytes known = support::golden("wire/advertised.txt");
    const std::string text(as_text(known.view()));
    EXPECT_EQ(told, text.substr(text.find('\n') + 1));
}

TEST(DispatcherTest, ClosesTheConnectionOfARequestThatIsDeclaredButNotServed) {
    BrokerLab lab;
    for (const protocol::Api& api : protocol::apis()) {
        if (api.served_on.broker) continue;

        EXPECT_TRUE(lab.closes_after(initial_request(api.key, Version(api.versions.last))))
            << api.name;
    }

    const Payload served = initial_request(ApiKey::metadata, Version(12));
    EXPECT_FALSE(lab.closes_after(served));
}

}  // namespace
}  // namespace glasslog::broker::test
