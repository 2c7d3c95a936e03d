// Connection: order, back-pressure and integrity of what flows.

#include "core/base/crc32c.hpp"
#include "tests/conformance/streams.hpp"

#include <algorithm>
#include <functional>

namespace glasslog::conformance {
namespace {

class FlowTest : public StreamTest {
protected:
    static constexpr std::size_t block_bytes = 1024 * 1024;

    // A block whose bytes repeat nowhere soon.
    static Bytes block() {
        std::vector<std::uint8_t> bytes(block_bytes);
        std::uint32_t state = 12345;
        for (std::uint8_t& byte : bytes) {
            state = state * 1664525 + 1013904223;
            byte = static_cast<std::uint8_t>(state >> 24);
        }
        return Bytes::from(std::move(bytes));
    }

    // Reads with changing sizes until `total` bytes have come.
    class Sink {
    public:
        Sink(runtime::Connection& connection, std::size_t total)
            : connection_(connection), total_(total) {}

        void start() {
            const std::size_t max = std::min(total_ - got_, sizes_[reads_++ % sizes_.size()]);
            connection_.read(max, [this, max](Expected<Bytes, IoError> chunk) {
                ASSERT_TRUE(chunk.has_value());
                ASSERT_LE(chunk->size(), max);
                ASSERT_FALSE(chunk->empty());
                crc_ = crc32c(chunk->view(), crc_);
                got_ += chunk->size();
                if (got_ < total_) start();
            });
        }

        std::size_t got() const { return got_; }

        std::uint32_t crc() const { return crc_; }

    private:
        runtime::Connection& connection_;
        std::size_t total_;
        std::vector<std::size_t> sizes_{65536, 1, 300'000, 4096, 1 << 20, 17, 32768};
        std::size_t reads_ = 0;
        std::size_t got_ = 0;
        std::uint32_t crc_ = 0;
    };
};

TEST_F(FlowTest, CompletesWritesInOrder) {
    Pair pair = connect();
    std::vector<int> completed;
    std::string expected;
    for (int i = 0; i < 1000; ++i) {
        const std::string text = fmt::format("{} ", i);
        expected += text;
        pair.client->write(payload_of(text), {}, [&completed, i](auto result) {
            EXPECT_TRUE(result.has_value());
            completed.push_back(i);
        });
    }
    EXPECT_TRUE(completed.empty()) << "inside the call";

    EXPECT_EQ(read_exactly(*pair.server, expected.size()), expected);
    ASSERT_TRUE(run_until([&] { return completed.size() == 1000; }));
    EXPECT_TRUE(std::ranges::is_sorted(completed));
    EXPECT_EQ(pair.client->write_queue_bytes(), 0u);
}

TEST_F(FlowTest, WritesAChainAsOne) {
    Pair pair = connect();
    Payload chain;
    std::string expected;
    for (int i = 0; i < 300; ++i) {
        const std::string part = fmt::format("part {};", i);
        expected += part;
        chain.append(Bytes::copy_of(as_bytes(part)));
    }
    Answer<void> written;

    pair.client->write(std::move(chain), {}, written.callback());

    EXPECT_EQ(read_exactly(*pair.server, expected.size()), expected);
    ASSERT_TRUE(await(written));
    EXPECT_EQ(written.calls, 1);
}

TEST_F(FlowTest, CompletesAnEmptyWriteInItsTurn) {
    Pair pair = connect();
    std::vector<int> completed;
    pair.client->write(payload_of("a"), {}, [&](auto) { completed.push_back(1); });
    pair.client->write(Payload(), {}, [&](auto) { completed.push_back(2); });
    pair.client->write(payload_of("b"), {}, [&](auto) { completed.push_back(3); });

    ASSERT_TRUE(run_until([&] { return completed.size() == 3; }));

    EXPECT_EQ(completed, (std::vector<int>{1, 2, 3}));
    EXPECT_EQ(read_exactly(*pair.server, 2), "ab");
}

TEST_F(FlowTest, KeepsEveryByteOfABigTransfer) {
    constexpr std::size_t blocks = 32;
    Pair pair = connect();
    const Bytes data = block();
    std::uint32_t expected = 0;
    std::size_t completed = 0;
    for (std::size_t i = 0; i < blocks; ++i) {
        const std::size_t size = block_bytes - i * 1000;
        expected = crc32c(data.slice(0, size).view(), expected);
        pair.client->write(data.slice(0, size), {}, [&](auto) { ++completed; });
    }
    Sink sink(*pair.server, blocks * block_bytes - 1000 * (blocks * (blocks - 1) / 2));
    sink.start();

    ASSERT_TRUE(
        run_until([&] { return completed == blocks && pair.client->write_queue_bytes() == 0; }));
    ASSERT_TRUE(run_until([&] { return sink.got() == blocks * block_bytes - 496'000; }));

    EXPECT_EQ(sink.crc(), expected);
}

TEST_F(FlowTest, AReaderThatDoesNotReadHoldsTheWriterBack) {
    constexpr std::size_t blocks = 64;
    Pair pair = connect();
    const Bytes data = block();
    std::size_t completed = 0;
    for (std::size_t i = 0; i < blocks; ++i)
        pair.client->write(data, {}, [&](auto) { ++completed; });
    EXPECT_EQ(pair.client->write_queue_bytes(), blocks * block_bytes);

    settle();
    EXPECT_LT(completed, blocks) << "64 MiB left for a reader that takes none";
    EXPECT_GT(pair.client->write_queue_bytes(), 0u);

    Sink sink(*pair.server, blocks * block_bytes);
    sink.start();
    ASSERT_TRUE(run_until([&] { return sink.got() == blocks * block_bytes; }));
    ASSERT_TRUE(run_until([&] { return completed == blocks; }));
    EXPECT_EQ(pair.client->write_queue_bytes(), 0u);
}

TEST_F(FlowTest, ASlowReaderHoldsNobodyElseBack) {
    Pair slow = connect();
    Pair quick = connect();
    const Bytes data = block();
    for (int i = 0; i < 64; ++i)
        slow.client->write(data, {}, [](auto) {});

    write(*quick.client, "quick");

    EXPECT_EQ(read_exactly(*quick.server, 5), "quick");
}

}  // namespace
}  // namespace glasslog::conformance
