// What Apache Kafka 4.3.1 and its clients sent: decoded to the last byte, encoded to the same
// bytes. A selection lies in tests/golden/wire; with GLASSLOG_FACTS everything that was captured is
// asked.

#include "core/protocol/batch_validation.hpp"
#include "core/protocol/frame.hpp"
#include "tests/support/facts.hpp"
#include "tests/support/golden.hpp"
#include "tests/support/messages.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <set>
#include <sstream>

namespace glasslog::protocol {
namespace {

Bytes from_hex(std::string_view text) {
    const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    std::vector<std::uint8_t> bytes;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2)
        bytes.push_back(static_cast<std::uint8_t>(digit(text[i]) * 16 + digit(text[i + 1])));
    return Bytes::from(std::move(bytes));
}

// One exchange as it was captured.
struct Captured {
    ApiKey key{};
    Version version;
    std::string client;
    std::size_t trailing = 0;  // bytes behind the request's body
    Bytes request;
    std::optional<Bytes> response;

    std::string text() const {
        return fmt::format("{} version {} of {}", api_name(key), version, client);
    }
};

std::vector<Captured> selection() {
    std::istringstream in{std::string(as_text(support::golden("wire/exchanges.txt").view()))};
    std::vector<Captured> all;
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with('#')) continue;
        std::istringstream words(line);
        std::int16_t key = 0;
        std::int16_t version = 0;
        std::string request;
        std::string response;
        Captured captured;
        words >> key >> version >> captured.client >> captured.trailing >> request >> response;
        captured.key = ApiKey{key};
        captured.version = Version{version};
        captured.request = from_hex(request);
        if (response != "-") captured.response = from_hex(response);
        all.push_back(std::move(captured));
    }
    return all;
}

std::vector<Captured> everything(const std::string& facts) {
    std::vector<Captured> all;
    for (const auto& file : std::filesystem::directory_iterator(facts + "/golden/wire")) {
        if (file.path().extension() != ".gz") continue;
        std::ifstream in(file.path(), std::ios::binary);
        const std::vector<std::uint8_t> packed(std::istreambuf_iterator<char>(in), {});
        const auto text = decompress(Compression::gzip, packed, std::size_t{1} << 28);
        std::istringstream lines{std::string(as_text(text.value().view()))};
        for (std::string line; std::getline(lines, line);) {
            const auto json = nlohmann::json::parse(line);
            const ApiKey key{json["api_key"].get<std::int16_t>()};
            if (find_api(key) == nullptr) continue;
            Captured captured{.key = key,
                              .version = Version{json["version"].get<std::int16_t>()},
                              .client = json["client"],
                              .trailing = json.value("request_trailing_bytes", std::size_t{0}),
                              .request = from_hex(json["request_hex"].get<std::string>())};
            if (json["response_hex"].is_string()) {
                captured.response = from_hex(json["response_hex"].get<std::string>());
            }
            all.push_back(std::move(captured));
        }
    }
    return all;
}

// Batches inside a records field: every one complete (the last may be cut), with the right CRC and
// as many records as it says.
void expect_sound_batches(ByteView records, const std::string& where) {
    while (!records.empty()) {
        const auto batch = BatchView::read(records);
        if (!batch) {
            EXPECT_EQ(batch.error(), BatchFault::incomplete) << where;
            return;
        }
        EXPECT_TRUE(batch->is_crc_right()) << where;
        const auto section = RecordSection::open(*batch, std::size_t{1} << 26);
        ASSERT_TRUE(section.has_value()) << where;
        RecordIterator each = section->records();
        std::int32_t count = 0;
        while (each.next())
            ++count;
        EXPECT_FALSE(each.error().has_value()) << where;
        EXPECT_EQ(count, batch->record_count()) << where;
        records = records.subspan(batch->size());
    }
}

void expect_sound_records(const auto& /*message*/, const std::string& /*where*/) {}

void expect_sound_records(const ProduceRequest& request, const std::string& where) {
    for (const auto& topic : request.topic_data) {
        for (const auto& partition : topic.partition_data) {
            if (!partition.records) continue;
            const auto batch = BatchView::read(partition.records->flatten().view());
            // One sample has a batch with a wrong CRC, on purpose; the sweep has one of magic 1.
            if (batch && batch->is_crc_right()) {
                expect_sound_batches(partition.records->flatten().view(), where);
            }
        }
    }
}

void expect_sound_records(const FetchResponse& response, const std::string& where) {
    for (const auto& topic : response.responses) {
        for (const auto& partition : topic.partitions) {
            if (!partition.records) continue;
            expect_sound_batches(partition.records->flatten().view(), where);
        }
    }
}

// What real clients built, built again from its records. Ours and kafkajs place the timestamps
// otherwise; compressed bytes depend on the library.
bool is_rebuildable(const BatchView& batch, std::string_view client) {
    return batch.is_crc_right() && batch.compression() == Compression::none &&
           (client.starts_with("java") || client == "librdkafka");
}

int batches_rebuilt(const ProduceRequest& request, std::string_view client) {
    int count = 0;
    for (const auto& topic : request.topic_data) {
        for (const auto& partition : topic.partition_data) {
            const Bytes records = partition.records.value_or(Payload()).flatten();
            const auto batch = BatchView::read(records.view());
            if (!batch || !is_rebuildable(*batch, client)) continue;
            const auto again = rebuilt(*batch, Compression::none, std::size_t{1} << 26);
            EXPECT_EQ(to_hex(again.value().view()), to_hex(batch->bytes())) << client;
            ++count;
        }
    }
    return count;
}

template <typename Message>
void expect_same_bytes(const Bytes& body,
                       Version version,
                       std::size_t trailing,
                       const std::string& where) {
    const auto decoded = decode_prefix<Message>(body, version);
    ASSERT_TRUE(decoded.has_value()) << where << ": " << decoded.error().text();
    EXPECT_EQ(decoded->size + trailing, body.size()) << where;
    const Payload again = encode(decoded->message, version);
    EXPECT_EQ(to_hex(again.flatten().view()), to_hex(body.view().first(decoded->size))) << where;
    expect_sound_records(decoded->message, where);
}

template <typename Request, typename Response>
void check_exchange(const Captured& captured) {
    const auto request = decode_request_frame(captured.request);
    ASSERT_TRUE(request.has_value()) << captured.text();
    EXPECT_EQ(request->header.request_api_version, captured.version);
    expect_same_bytes<Request>(request->body,
                               captured.version,
                               captured.trailing,
                               captured.text() + ", request");
    const Payload framed = encode_request_frame(request->header, Payload(request->body));
    EXPECT_EQ(framed.flatten().slice(length_prefix_size, framed.size() - length_prefix_size),
              captured.request)
        << captured.text();
    if (!captured.response) return;
    const auto response = decode_response_frame(captured.key, captured.version, *captured.response);
    ASSERT_TRUE(response.has_value()) << captured.text();
    EXPECT_EQ(response->correlation_id, request->header.correlation_id) << captured.text();
    // Kafka answers ApiVersions in version 0 to a version that it does not know.
    const Version answered =
        Response::versions.contains(captured.version) ? captured.version : Version{0};
    expect_same_bytes<Response>(response->body, answered, 0, captured.text() + ", response");
}

// Returns the pairs of key and version that occurred.
std::set<std::pair<ApiKey, Version>> check_all(const std::vector<Captured>& all) {
    std::set<std::pair<ApiKey, Version>> seen;
    for (const Captured& captured : all) {
        seen.emplace(captured.key, captured.version);
        support::for_each_exchange(
            [&]<typename Pair>(Pair) {
                using Request = typename Pair::RequestType;
                using Response = typename Pair::ResponseType;
                if (Request::key == captured.key) check_exchange<Request, Response>(captured);
            },
            support::Exchanges{});
    }
    return seen;
}

TEST(GoldenWireTest, CapturedBytesComeBackByteForByte) {
    EXPECT_EQ(check_all(selection()).size(), 137U);
}

TEST(GoldenWireTest, EverythingThatWasCapturedComesBackByteForByte) {
    const auto facts = support::facts_folder();
    if (!facts) GTEST_SKIP() << "GLASSLOG_FACTS is not set";

    EXPECT_EQ(check_all(everything(*facts)).size(), 139U);
}

TEST(GoldenWireTest, OurBuilderBuildsWhatClientsBuilt) {
    int count = 0;
    for (const Captured& captured : selection()) {
        if (captured.key != ApiKey::produce) continue;
        const auto frame = decode_request_frame(captured.request);
        const auto request = decode<ProduceRequest>(frame.value().body, captured.version);
        count += batches_rebuilt(request.value(), captured.client);
    }
    EXPECT_GE(count, 4);
}

TEST(GoldenWireTest, CapturedBytesSurviveEveryTruncation) {
    for (const Captured& captured : selection()) {
        if (captured.request.size() > 200) continue;
        for (std::size_t size = 0; size + captured.trailing < captured.request.size(); ++size) {
            const auto frame = decode_request_frame(captured.request.slice(0, size));
            if (!frame) continue;
            EXPECT_FALSE(describe(captured.key, captured.version, Side::request, frame->body))
                << captured.text();
        }
    }
}

}  // namespace
}  // namespace glasslog::protocol
