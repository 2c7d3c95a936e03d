// What a broker on real sockets allocates for each batch of 16 KiB that is produced, one at a time:
// counted on one thread, with a client that allocates nothing.

#include "core/broker/broker.hpp"
#include "core/os/os_node.hpp"
#include "core/protocol/batch_builder.hpp"
#include "core/protocol/codec.hpp"
#include "core/protocol/frame.hpp"
#include "core/protocol/messages/create_topics.hpp"
#include "core/protocol/messages/produce.hpp"
#include "tests/core/os/support.hpp"
#include "tests/support/allocations.hpp"
#include "tests/support/row.hpp"

#include <arpa/inet.h>
#include <array>
#include <netinet/in.h>
#include <sys/socket.h>

namespace glasslog::cli {
namespace {

// One connection; waits for an answer by asking again and again.
class Client {
public:
    explicit Client(int port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const void* const any = &address;
        EXPECT_EQ(::connect(socket_.get(), static_cast<const sockaddr*>(any), sizeof address), 0);
    }

    void send(ByteView bytes) {
        size_ = 0;
        while (!bytes.empty()) {
            const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), 0);
            ASSERT_GT(sent, 0);
            bytes = bytes.subspan(static_cast<std::size_t>(sent));
        }
    }

    bool is_answered() {
        const ssize_t got =
            ::recv(socket_.get(), answer_.data() + size_, answer_.size() - size_, MSG_DONTWAIT);
        if (got > 0) size_ += static_cast<std::size_t>(got);
        return size_ >= 4 && size_ >= 4 + load_be<std::uint32_t>(answer_.data());
    }

    // Without its length.
    ByteView answer() const { return ByteView(answer_).subspan(4, size_ - 4); }

private:
    os::Descriptor socket_;
    std::array<std::uint8_t, 4096> answer_{};
    std::size_t size_ = 0;
};

template <typename Request>
Bytes framed(const Request& request, protocol::Version version) {
    protocol::RequestHeader header;
    header.request_api_key = Request::key;
    header.request_api_version = version;
    header.client_id = "counter";
    return protocol::encode_request_frame(header, protocol::encode(request, version)).flatten();
}

Bytes create_topic() {
    protocol::CreateTopicsRequest request;
    request.topics.push_back({.name = "orders", .num_partitions = 1, .replication_factor = 1});
    request.timeout_ms = 10'000;
    return framed(request, protocol::Version{5});
}

Bytes produce(std::size_t value_bytes) {
    const std::vector<std::uint8_t> value(value_bytes, 'v');
    protocol::ProduceRequest request;
    request.acks = -1;
    request.timeout_ms = 10'000;
    const Bytes batch =
        protocol::single_record_batch({}, {.timestamp = 1'700'000'000'000, .value = value});
    request.topic_data.push_back({.name = "orders"});
    request.topic_data[0].partition_data.push_back({.index = {}, .records = Payload{batch}});
    return framed(request, protocol::Version{9});
}

class ProduceCostTest : public os::TemporaryDirectoryTest {
protected:
    ProduceCostTest()
        : node_(os::OsNodeConfig{.make_trace = {}}),
          broker_(node_.runtimes(),
                  *broker::config_from(
                      {{"log.dirs", root()}, {"listeners", "PLAINTEXT://127.0.0.1:0"}}, "test")) {
        broker_.start([this](auto started) { port_ = started.value().listening[0].port; });
        EXPECT_TRUE(node_.run_until([this] { return port_ != 0; }));
    }

    ~ProduceCostTest() override {
        bool is_stopped = false;
        broker_.stop([&] { is_stopped = true; });
        EXPECT_TRUE(node_.run_until([&] { return is_stopped; }));
    }

    void ask(Client& client, const Bytes& request) {
        client.send(request.view());
        ASSERT_TRUE(node_.run_until([&] { return client.is_answered(); }, Duration::seconds(30)));
    }

    os::OsNode node_;
    int port_ = 0;
    broker::Broker broker_;
};

TEST_F(ProduceCostTest, ABatchIsReadAndJoinedAndNotCopiedAgain) {
    constexpr std::uint64_t rounds = 200;
    Client client(port_);
    ask(client, create_topic());
    const Bytes request = produce(16 * 1024);
    for (std::uint64_t i = 0; i < rounds; ++i)
        ask(client, request);

    const support::Allocations before = support::allocations();
    for (std::uint64_t i = 0; i < rounds; ++i)
        ask(client, request);
    const support::Allocations spent = support::allocations() - before;

    const auto frame = protocol::decode_response_frame(protocol::ApiKey::produce,
                                                       protocol::Version{9},
                                                       Bytes::copy_of(client.answer()));
    ASSERT_TRUE(frame);
    const auto answer =
        protocol::decode<protocol::ProduceResponse>(frame->body, protocol::Version{9});
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->responses[0].partition_responses[0].base_offset, Offset(2 * rounds - 1));
    support::row("allocations per produced batch of 16 KiB", spent.count, rounds);
    support::row("bytes allocated per byte produced (copies)",
                 spent.bytes,
                 rounds * request.size());
    EXPECT_LE(spent.count, 48 * rounds);
    EXPECT_LT(spent.bytes, 3 * rounds * request.size());
}

}  // namespace
}  // namespace glasslog::cli
