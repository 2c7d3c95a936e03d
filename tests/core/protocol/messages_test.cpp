// Every message in every version: what is written comes back, damage is refused or decoded, and
// decoding allocates no more than the bytes justify.

#include "tests/support/messages.hpp"

#include "core/base/check.hpp"
#include "core/protocol/limits.hpp"
#include "tests/support/allocations.hpp"
#include "tests/support/generators.hpp"
#include "tests/support/golden.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck.h>

#include <algorithm>
#include <map>

namespace glasslog::protocol {
namespace {

using support::Generator;

template <typename Message>
std::string at(Version version) {
    return fmt::format("{} version {}", Message::message_name, version);
}

// Draws through RapidCheck, so that a counter-example is shrunk.
support::Draw checked_draw() {
    return [](std::uint64_t bound) { return *rc::gen::inRange<std::uint64_t>(0, bound); };
}

// Large enough to have every field, nested ones too.
template <typename Message>
Bytes sample_bytes(Version version) {
    Bytes largest;
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
        const auto message = Generator(version, support::seeded_draw(seed)).message<Message>();
        const Bytes bytes = encode(message, version).flatten();
        if (bytes.size() >= largest.size() && bytes.size() < 160) largest = bytes;
    }
    return largest;
}

TEST(MessagesTest, ComeBackAsTheyWereInEveryVersion) {
    support::for_each_message([]<typename Message>() {
        support::for_each_version<Message>([](Version version) {
            const bool holds = rc::check(at<Message>(version), [version] {
                const auto message = Generator(version, checked_draw()).message<Message>();

                const auto back = decode<Message>(encode(message, version).flatten(), version);

                RC_ASSERT(back.has_value());
                RC_ASSERT(*back == message);
                RC_ASSERT(nlohmann::json::accept(print(message, version)));
            });
            EXPECT_TRUE(holds) << at<Message>(version);
        });
    });
}

TEST(MessagesTest, RefuseEveryTruncation) {
    support::for_each_message([]<typename Message>() {
        support::for_each_version<Message>([](Version version) {
            const Bytes whole = sample_bytes<Message>(version);
            ASSERT_TRUE(decode<Message>(whole, version).has_value()) << at<Message>(version);

            support::for_each_truncation(whole.view(), [&](ByteView cut) {
                EXPECT_FALSE(decode<Message>(Bytes::copy_of(cut), version).has_value())
                    << at<Message>(version) << " cut to " << cut.size();
            });
        });
    });
}

// What decoding `bytes` may allocate: the values, plus an error's text.
std::uint64_t allocation_bound(std::size_t size) {
    return 64 * size + 2048;
}

TEST(MessagesTest, SurviveEveryFlippedBitWithinTheirMemory) {
    support::for_each_message([]<typename Message>() {
        support::for_each_version<Message>([](Version version) {
            support::for_each_bit_flip(sample_bytes<Message>(version).view(),
                                       [&](ByteView flipped) {
                                           const Bytes bytes = Bytes::copy_of(flipped);
                                           const auto before = support::allocations();

                                           const auto decoded = decode<Message>(bytes, version);

                                           const auto used = support::allocations() - before;
                                           EXPECT_LE(used.bytes, allocation_bound(bytes.size()))
                                               << at<Message>(version);
                                           if (decoded) {
                                               EXPECT_FALSE(print(*decoded, version).empty());
                                           }
                                       });
        });
    });
}

TEST(MessagesTest, RefuseCountsBeyondTheBytesLeftBeforeAllocating) {
    const std::vector<std::uint8_t> many_topics{0xFF, 0xFF, 0xFF, 0xFF, 0x07};  // 2^31 - 2 elements
    const auto before = support::allocations();

    const auto decoded = decode<MetadataRequest>(Bytes::from(many_topics), Version{12});

    ASSERT_FALSE(decoded.has_value());
    EXPECT_EQ(decoded.error().text(),
              "MetadataRequest version 12: topics: 2147483646 elements in 0 bytes at byte 5");
    EXPECT_LE((support::allocations() - before).bytes, 1024U);
}

TEST(MessagesTest, RefuseVersionsOutOfRange) {
    EXPECT_EQ(decode<ProduceRequest>(Bytes(), Version{2}).error().what,
              "ProduceRequest has no version 2");
    EXPECT_EQ(decode<FetchResponse>(Bytes(), Version{19}).error().what,
              "FetchResponse has no version 19");
}

TEST(MessagesTest, SkipTaggedFieldsOfALaterVersion) {
    MetadataRequest request;
    request.allow_auto_topic_creation = false;
    const Bytes plain = encode(request, Version{12}).flatten();
    std::vector<std::uint8_t> extended(plain.view().begin(), plain.view().end());
    extended.back() = 1;  // one tagged field: tag 77, three bytes
    for (const int byte : {77, 3, 1, 2, 3})
        extended.push_back(static_cast<std::uint8_t>(byte));

    const auto decoded = decode<MetadataRequest>(Bytes::from(extended), Version{12});

    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(*decoded, request);
}

TEST(MessagesTest, RefuseTaggedFieldsTwiceOrWithBytesLeft) {
    const Version version{12};
    const auto with_tags = [&](std::vector<std::uint8_t> tags) {
        const Bytes plain = encode(FetchRequest{}, version).flatten();
        std::vector<std::uint8_t> bytes(plain.view().begin(), plain.view().end() - 1);
        bytes.insert(bytes.end(), tags.begin(), tags.end());
        return decode<FetchRequest>(Bytes::from(bytes), version);
    };

    EXPECT_TRUE(with_tags({1, 0, 2, 2, 'a'}).has_value());  // cluster_id "a"
    EXPECT_FALSE(with_tags({2, 0, 2, 2, 'a', 0, 2, 2, 'b'}).has_value());
    EXPECT_FALSE(with_tags({1, 0, 3, 2, 'a', 'b'}).has_value());
    EXPECT_FALSE(with_tags({1, 0, 9, 2, 'a'}).has_value());
}

TEST(MessagesTest, LeaveOutWhatTheVersionDoesNotHave) {
    FetchRequest request;
    request.rack_id = "rack";
    request.session_id = 9;

    const auto back = decode<FetchRequest>(encode(request, Version{6}).flatten(), Version{6});

    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(*back, FetchRequest{});
}

// A run of x that fills a compact string, one x longer.
Bytes with_one_more(const Bytes& bytes) {
    std::vector<std::uint8_t> longer(bytes.view().begin(), bytes.view().end());
    const auto run = std::search_n(longer.begin(), longer.end(), string_bytes_max, 'x');
    CHECK(run != longer.end());
    // The length is 32768, one more than the string's: 80 80 02.
    *(run - 3) += 1;
    longer.insert(run, 'x');
    return Bytes::from(std::move(longer));
}

TEST(MessagesTest, RefuseCompactStringsThatKafkaDoesNotRead) {
    const Version version{1};
    const std::string longest(string_bytes_max, 'x');
    IncrementalAlterConfigsRequest by_name;
    by_name.resources.emplace_back();
    IncrementalAlterConfigsRequest by_value = by_name;
    by_name.resources[0].resource_name = longest;
    by_value.resources[0].configs.push_back({"key", ConfigOperation::set, longest});

    for (const auto& [request, field] :
         {std::pair(by_name, "resource_name"), std::pair(by_value, "value")}) {
        const Bytes bytes = encode(request, version).flatten();
        const auto whole = decode<IncrementalAlterConfigsRequest>(bytes, version);
        const auto longer = decode<IncrementalAlterConfigsRequest>(with_one_more(bytes), version);

        ASSERT_TRUE(whole.has_value()) << field;
        EXPECT_EQ(*whole, request) << field;
        ASSERT_FALSE(longer.has_value()) << field;
        EXPECT_EQ(longer.error().what,
                  fmt::format("IncrementalAlterConfigsRequest version 1: {}: a string of 32768 "
                              "bytes",
                              field));
    }
}

TEST(MessagesTest, BoundTheBytesOfAFieldByTheirFrameAlone) {
    EnvelopeRequest request;
    request.request_data = Bytes::from(std::vector<std::uint8_t>(40'000, 'x'));

    const auto back = decode<EnvelopeRequest>(encode(request, Version{0}).flatten(), Version{0});

    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(*back, request);
}

TEST(MessagesTest, CutStringsThatNobodyCouldRead) {
    const std::string euros = [] {
        std::string text;
        while (text.size() < 40'000)
            text += "\u20AC";  // three bytes; 10,922 of them are 32,766
        return text;
    }();
    const std::map<std::string, std::size_t> sizes{{std::string(40'000, 'x'), 32'767},
                                                   {std::string(40'000, '\x80'), 32'767},
                                                   {euros, 32'766}};
    for (const auto& [text, size] : sizes) {
        CreateTopicsResponse response;
        response.topics = {{.name = "t", .error_message = text}};
        for (const Version version : {Version{4}, Version{5}}) {
            const auto back =
                decode<CreateTopicsResponse>(encode(response, version).flatten(), version);

            ASSERT_TRUE(back.has_value()) << version.value();
            EXPECT_EQ(*back->topics.front().error_message, text.substr(0, size)) << version.value();
        }
    }
}

TEST(MessagesTest, IgnoreBytesAfterARequestOnly) {
    const auto longer = [](const Payload& body) {
        Payload all = body;
        all.append(Bytes::copy_of(as_bytes("xyz")));
        return all.flatten();
    };

    EXPECT_TRUE(
        decode<MetadataRequest>(longer(encode(MetadataRequest{}, Version{13})), Version{13}));
    EXPECT_EQ(decode<MetadataResponse>(longer(encode(MetadataResponse{}, Version{13})), Version{13})
                  .error()
                  .what,
              "MetadataResponse: 3 bytes after the last field");
}

TEST(MessagesTest, CarryRecordsWithoutCopyingThem) {
    const Bytes records = Bytes::from(std::vector<std::uint8_t>(5000, 7));
    ProduceRequest request;
    request.topic_data = {{.name = "t", .partition_data = {{PartitionIndex{0}, Payload(records)}}}};

    const Payload written = encode(request, Version{9});
    const Bytes frame = written.flatten();
    const auto back = decode<ProduceRequest>(frame, Version{9});

    const auto shares = [](const Bytes& part, ByteView whole) {
        return part.data() >= whole.data() && part.data() < whole.data() + whole.size();
    };
    ASSERT_EQ(written.parts().size(), 3U);
    EXPECT_TRUE(shares(written.parts()[1], records.view()));
    ASSERT_TRUE(back.has_value());
    const Payload& read = *back->topic_data.front().partition_data.front().records;
    EXPECT_TRUE(shares(read.parts().front(), frame.view()));
    EXPECT_EQ(read.size(), 5000U);
}

TEST(MessagesTest, PrintFloatsWithSixDecimals) {
    const auto printed = [](std::uint64_t bits) {
        const std::string text = print(ClientQuotaRecord{.value = Float64{bits}}, Version{0});
        const std::size_t begin = text.find("\"value\":") + 8;
        return text.substr(begin, text.find(",\"remove\"") - begin);
    };

    EXPECT_EQ(printed(0), "0");
    EXPECT_EQ(printed(0x3FF0000000000000), "1");
    EXPECT_EQ(printed(0xC029000000000000), "-12.5");
    EXPECT_EQ(printed(0x3FB999999999999A), "0.1");
    EXPECT_EQ(printed(0x3FEFFFFFFFFFFFFF), "1");         // 1 - 2^-53
    EXPECT_EQ(printed(0x3EB0C6F7A0B5ED8D), "0.000001");  // 1e-6
    EXPECT_EQ(printed(0x3CB0000000000000), "0");         // 2^-52
    EXPECT_EQ(printed(0x4130000000000000), "1048576");
    EXPECT_EQ(printed(0x426FFFFFFFFFFFFF), "1099511627775.999878");        // 2^40 - 2^-13
    EXPECT_EQ(printed(0x4270000000000000), R"("bits 4270000000000000")");  // 2^40
    EXPECT_EQ(printed(0x7FF8000000000000), R"("bits 7ff8000000000000")");  // not a number
}

TEST(MessagesTest, DoNotPrintWhatAnEnvelopeCarries) {
    EnvelopeRequest request;
    request.request_data = Bytes::copy_of(as_bytes("password"));
    request.client_host_address = Bytes::from({127, 0, 0, 1});

    EXPECT_EQ(print(request, Version{0}),
              R"({"request_data":"hidden","request_principal":null,)"
              R"("client_host_address":"7f000001"})");
}

TEST(MessagesTest, PrintAsOneLineOfJson) {
    MetadataResponse response;
    response.brokers = {{.node_id = NodeId{1}, .host = "a\"b", .port = 9092}};
    response.topics = {{.error_code = WireError::unknown_topic_id, .topic_id = Uuid{0, 1}}};

    EXPECT_EQ(
        print(response, Version{12}),
        R"({"throttle_time_ms":0,"brokers":[{"node_id":1,"host":"a\"b","port":9092,)"
        R"("rack":null}],"cluster_id":null,"controller_id":-1,"topics":[{"error_code":)"
        R"("UNKNOWN_TOPIC_ID","name":null,"topic_id":"AAAAAAAAAAAAAAAAAAAAAQ",)"
        R"("is_internal":false,"partitions":[],"topic_authorized_operations":-2147483648}]})");
}

}  // namespace
}  // namespace glasslog::protocol
