// What a steady flow through core/os allocates, counted on one thread.

#include "core/os/os_node.hpp"
#include "tests/core/os/support.hpp"
#include "tests/support/allocations.hpp"
#include "tests/support/row.hpp"

#include <functional>

namespace glasslog::os {
namespace {

class OsCostTest : public TemporaryDirectoryTest {
protected:
    static constexpr int rounds = 1000;

    OsCostTest() : node_(OsNodeConfig{.root = root(), .make_trace = {}}) {}

    // Of `rounds` calls of `step`, each of which answers once, after a warm-up; per round.
    std::uint64_t allocations_of(const char* what, const std::function<void(int&)>& step) {
        support::Allocations before;
        for (int total : {rounds, 2 * rounds}) {
            before = support::allocations();
            while (answered_ < total) {
                step(answered_);
                const int wanted = ++asked_;
                EXPECT_TRUE(node_.run_until([this, wanted] { return answered_ >= wanted; }));
            }
        }
        const std::uint64_t spent = (support::allocations() - before).count;
        support::row(what, spent, rounds);
        return spent / rounds;
    }

    OsNode node_;
    runtime::Runtime reactor_ = node_.runtimes()[0];
    int answered_ = 0;
    int asked_ = 0;
};

TEST_F(OsCostTest, ATaskAllocatesNothing) {
    EXPECT_EQ(allocations_of(
                  "allocations per task",
                  [this](int& answered) { reactor_.executor.post([&answered] { ++answered; }); }),
              0u);
}

TEST_F(OsCostTest, ATimerAllocatesItself) {
    runtime::Timer timer;
    EXPECT_EQ(allocations_of("allocations per timer",
                             [&](int& answered) {
                                 timer =
                                     reactor_.executor.at(Instant(), [&answered] { ++answered; });
                             }),
              1u);
}

TEST_F(OsCostTest, AMessageAllocatesNothing) {
    EXPECT_EQ(allocations_of("allocations per message between reactors",
                             [this](int& answered) {
                                 ASSERT_TRUE(reactor_.mailbox.post_to(ReactorId(0),
                                                                      [&answered] { ++answered; }));
                             }),
              0u);
}

TEST_F(OsCostTest, AnAppendAllocatesItsPayloadAndAReadItsBytes) {
    std::unique_ptr<runtime::File> file;
    reactor_.disk.open("file", runtime::OpenMode::create, [&](auto opened) {
        file = *std::move(opened);
    });
    ASSERT_TRUE(node_.run_until([&] { return file != nullptr; }));
    const Bytes block = Bytes::copy_of(as_bytes("some bytes"));

    EXPECT_EQ(allocations_of(
                  "allocations per append to a file",
                  [&](int& answered) { file->append(block, [&answered](auto) { ++answered; }); }),
              1u);
    answered_ = asked_ = 0;
    EXPECT_EQ(allocations_of(
                  "allocations per read of a file",
                  [&](int& answered) { file->read_at(0, 10, [&answered](auto) { ++answered; }); }),
              1u);
}

TEST_F(OsCostTest, AMessageOverTheNetworkAllocatesItsPayloadAndItsBytes) {
    auto listener = *reactor_.transport.listen({.name = "", .endpoint = {.host = "127.0.0.1"}});
    std::unique_ptr<runtime::Connection> server;
    std::unique_ptr<runtime::Connection> client;
    listener->accept([&](auto accepted) { server = *std::move(accepted); });
    reactor_.transport.connect(listener->endpoint(),
                               [&](auto connected) { client = *std::move(connected); });
    ASSERT_TRUE(node_.run_until([&] { return server != nullptr && client != nullptr; }));
    const Bytes message = Bytes::copy_of(as_bytes("a message"));

    EXPECT_EQ(allocations_of("allocations per message over a connection",
                             [&](int& answered) {
                                 server->read(4096, [&answered](auto) { ++answered; });
                                 client->write(message, {}, [](auto) {});
                             }),
              2u);
}

}  // namespace
}  // namespace glasslog::os
