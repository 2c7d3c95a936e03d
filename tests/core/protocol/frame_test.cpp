// Frames, the table of APIs and the error codes, against what Apache Kafka 4.3.1 tells.

#include "core/protocol/frame.hpp"

#include "core/protocol/errors.hpp"
#include "tests/support/golden.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace glasslog::protocol {
namespace {

// Lines of a golden text file without its comments.
std::vector<std::string> golden_lines(const std::string& path) {
    std::istringstream in{std::string(as_text(support::golden(path).view()))};
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) {
        if (!line.starts_with('#')) lines.push_back(line);
    }
    return lines;
}

std::string advertised_line(const Api& api) {
    return fmt::format("{} {} {} {}",
                       to_wire(api.key),
                       api.name,
                       api.advertised.first,
                       api.advertised.last);
}

TEST(ApiTest, AdvertisesWhatKafkaAdvertises) {
    std::vector<std::string> ours;
    for (const Api& api : apis()) {
        if (api.served_on.broker) ours.push_back(advertised_line(api));
    }

    EXPECT_EQ(ours, golden_lines("wire/advertised.txt"));
}

TEST(ApiTest, KnowsWhatAControllerOfKafkaAdvertises) {
    const std::vector<std::string> known = golden_lines("wire/advertised_by_controllers.txt");
    int count = 0;
    for (const Api& api : apis()) {
        const bool is_told = std::ranges::find(known, advertised_line(api)) != known.end();
        EXPECT_EQ(is_told, api.belongs_to.controller) << api.name;
        if (is_told) ++count;
    }
    EXPECT_GT(count, 0);
}

TEST(ApiTest, HeaderVersionsFollowTheFlexibleOnes) {
    EXPECT_EQ(request_header_version(ApiKey::fetch, Version{11}), Version{1});
    EXPECT_EQ(request_header_version(ApiKey::fetch, Version{12}), Version{2});
    EXPECT_EQ(response_header_version(ApiKey::fetch, Version{11}), Version{0});
    EXPECT_EQ(response_header_version(ApiKey::fetch, Version{12}), Version{1});
    EXPECT_EQ(request_header_version(ApiKey::api_versions, Version{99}), Version{2});
    EXPECT_EQ(response_header_version(ApiKey::api_versions, Version{4}), Version{0});
    EXPECT_EQ(request_header_version(ApiKey{11}, Version{0}), std::nullopt);
}

TEST(ApiTest, EveryInitialMessageDescribesItself) {
    for (const Api& api : apis()) {
        for (int v = api.versions.first; v <= api.versions.last; ++v) {
            const Version version{static_cast<std::int16_t>(v)};
            for (const Side side : {Side::request, Side::response}) {
                const Bytes body = encode_initial(api.key, version, side).flatten();

                const auto text = describe(api.key, version, side, body);

                ASSERT_TRUE(text.has_value()) << api.name << ' ' << v;
                EXPECT_TRUE(text->starts_with('{') && text->ends_with('}')) << *text;
            }
        }
    }
}

TEST(ErrorsTest, AreThoseOfKafka) {
    const std::vector<std::string> known = golden_lines("wire/errors.txt");
    ASSERT_EQ(known.size(), 135U);
    for (const std::string& line : known) {
        std::istringstream words(line);
        int code = 0;
        std::string code_name;
        std::string retry;
        words >> code >> code_name >> retry;

        EXPECT_EQ(name(static_cast<WireError>(code)), code_name);
        EXPECT_EQ(is_retriable(static_cast<WireError>(code)), retry == "retriable") << code_name;
    }
    EXPECT_EQ(name(static_cast<WireError>(-2)), "");
    EXPECT_EQ(name(static_cast<WireError>(134)), "");
    EXPECT_FALSE(is_retriable(static_cast<WireError>(134)));
}

TEST(FrameTest, ARequestComesBack) {
    const RequestHeader header{ApiKey::metadata, Version{12}, CorrelationId{7}, "me"};
    const Bytes body = encode_initial(ApiKey::metadata, Version{12}, Side::request).flatten();

    const Bytes sent = encode_request_frame(header, Payload(body)).flatten();
    const auto frame = decode_request_frame(sent.slice(4, sent.size() - 4));

    EXPECT_EQ(load_be<std::int32_t>(sent.data()), static_cast<std::int32_t>(sent.size()) - 4);
    ASSERT_TRUE(frame.has_value());
    EXPECT_EQ(frame->header, header);
    EXPECT_EQ(frame->body, body);
}

TEST(FrameTest, AnUnknownVersionStillHasAHeader) {
    const RequestHeader header{ApiKey::api_versions, Version{99}, CorrelationId{7}, std::nullopt};

    const Bytes sent = encode_request_frame(header, Payload()).flatten();
    const auto frame = decode_request_frame(sent.slice(4, sent.size() - 4));

    ASSERT_TRUE(frame.has_value());
    EXPECT_EQ(frame->header, header);
}

TEST(FrameTest, AnApiThatIsNotSpokenIsRefused) {
    const std::vector<std::uint8_t> join_group{0, 11, 0, 5, 0, 0, 0, 1, 0xFF, 0xFF};

    EXPECT_EQ(decode_request_frame(Bytes::from(join_group)).error().what, "API 11 is not spoken");
    EXPECT_FALSE(decode_request_frame(Bytes()).has_value());
}

TEST(FrameTest, AResponseComesBack) {
    const ResponseTo request{ApiKey::fetch, Version{12}, CorrelationId{41}};
    const Bytes body = encode_initial(ApiKey::fetch, Version{12}, Side::response).flatten();

    const Bytes sent = encode_response_frame(request, Payload(body)).flatten();
    const Bytes frame = sent.slice(4, sent.size() - 4);
    const auto back = decode_response_frame(ApiKey::fetch, Version{12}, frame);

    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(back->correlation_id, CorrelationId{41});
    EXPECT_EQ(back->body, body);
    EXPECT_EQ(peek_response_correlation_id(frame.view()), CorrelationId{41});
    EXPECT_EQ(peek_response_correlation_id(frame.view().first(3)), std::nullopt);
}

}  // namespace
}  // namespace glasslog::protocol
