// OsNode with real threads: start, messages, stop, signals; what only a real machine has.

#include "core/os/os_node.hpp"
#include "core/os/process.hpp"
#include "tests/core/os/support.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <functional>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

namespace glasslog::os {
namespace {

class OsNodeTest : public TemporaryDirectoryTest {
protected:
    OsNodeConfig config(std::int32_t reactors = 1) {
        return {.reactors = reactors, .root = root(), .make_trace = {}};
    }
};

TEST_F(OsNodeTest, RunsEachReactorOnAThreadOfItsOwn) {
    OsNode node(config(3));
    auto reactors = node.runtimes();
    std::vector<std::thread::id> threads(3);
    int left = 3;
    for (std::size_t i = 0; i < 3; ++i) {
        const auto& reactor = reactors[i];
        reactor.executor.post([&, i] {
            threads[i] = std::this_thread::get_id();
            ASSERT_TRUE(reactor.mailbox.post_to(ReactorId(0), [&] {
                if (--left == 0) node.stop();
            }));
        });
    }

    node.run();

    EXPECT_EQ(threads[0], std::this_thread::get_id());
    EXPECT_NE(threads[1], threads[2]);
    EXPECT_NE(threads[1], threads[0]);
}

TEST_F(OsNodeTest, CarriesManyMessagesBetweenThreads) {
    constexpr int rounds = 20'000;
    OsNode node(config(2));
    auto reactors = node.runtimes();
    int got = 0;
    std::function<void()> serve = [&] {
        ASSERT_TRUE(reactors[0].mailbox.post_to(ReactorId(1), [&] {
            ASSERT_TRUE(reactors[1].mailbox.post_to(ReactorId(0), [&] {
                if (++got == rounds) return node.stop();
                if (got + 16 <= rounds) serve();
            }));
        }));
    };
    for (int i = 0; i < 16; ++i)
        serve();

    node.run();

    EXPECT_EQ(got, rounds);
}

TEST_F(OsNodeTest, StopsFromAnotherThread) {
    OsNode node(config(2));
    std::thread stranger([&] { node.post_from_outside(ReactorId(1), [&] { node.stop(); }); });

    node.run();

    stranger.join();
}

TEST_F(OsNodeTest, DoesNotRunAfterItWasStopped) {
    OsNode node(config());
    bool has_run = false;
    node.runtimes()[0].executor.post([&] { has_run = true; });
    node.stop();

    node.run();

    EXPECT_FALSE(has_run);
}

// What waits owns timers and connections, and asks for more while it is destroyed.
TEST_F(OsNodeTest, DestroysWhatStillWaits) {
    struct Nosy {
        explicit Nosy(runtime::Runtime at)
            : reactor(at), timer(at.executor.at(Instant::never(), [] {})) {}

        ~Nosy() {
            reactor.executor.post([] {});
            ignore(reactor.mailbox.post_to(ReactorId(0), [] {}), "the node ends");
        }

        runtime::Runtime reactor;
        runtime::Timer timer;
    };

    OsNode node(config(2));
    for (runtime::Runtime& reactor : node.runtimes()) {
        reactor.executor.post([nosy = std::make_unique<Nosy>(reactor)] {});
        ASSERT_TRUE(
            reactor.mailbox.post_to(ReactorId(1), [nosy = std::make_unique<Nosy>(reactor)] {}));
        reactor.disk.open("file",
                          runtime::OpenMode::create_or_append,
                          [nosy = std::make_unique<Nosy>(reactor)](auto) {});
        reactor.transport.connect({.host = "127.0.0.1", .port = 1},
                                  [nosy = std::make_unique<Nosy>(reactor)](auto) {});
    }
}

TEST_F(OsNodeTest, CommandsWaitForOneThing) {
    OsNode node(config());
    bool is_done = false;
    auto reactor = node.runtimes()[0];
    const auto timer = reactor.executor.at(reactor.clock.now() + Duration::milliseconds(1),
                                           [&] { is_done = true; });

    EXPECT_TRUE(node.run_until([&] { return is_done; }));
    EXPECT_FALSE(node.run_until([] { return false; }, Duration::milliseconds(1)));
}

TEST_F(OsNodeTest, TheFirstSignalCallsBack) {
    OsNode node(config(2));
    node.on_terminate([&] { node.stop(); });

    ::kill(::getpid(), SIGTERM);
    node.run();
}

TEST_F(OsNodeTest, TheSecondSignalEndsTheProcessThoughAReactorIsBusy) {
    const auto work = [this](int) {
        OsNode node(config());
        node.on_terminate([] {});
        node.runtimes()[0].executor.post([] {
            ::kill(::getpid(), SIGTERM);
            volatile bool is_stuck = true;
            while (is_stuck)
                ::kill(::getpid(), SIGTERM);
        });
        node.run();
        return 0;
    };
    auto worker = fork_worker(work);
    ASSERT_TRUE(worker.has_value());

    const auto status = worker->child.wait();

    ASSERT_TRUE(status.has_value());
    EXPECT_EQ(status->code, 128 + SIGTERM);
}

TEST_F(OsNodeTest, TwoNodesDoNotShareAPort) {
    OsNode one(config());
    OsNode other(config());
    const auto listener = one.runtimes()[0].transport.listen(
        {.name = "PLAINTEXT", .endpoint = {.host = "127.0.0.1", .port = 0}});
    ASSERT_TRUE(listener.has_value());

    const auto second = other.runtimes()[0].transport.listen(
        {.name = "PLAINTEXT", .endpoint = (*listener)->endpoint()});

    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, IoCode::exists);
    EXPECT_NE(second.error().text().find("choose another port"), std::string::npos);
}

TEST_F(OsNodeTest, APortIsFreeAgainOnceAllReactorsLetGo) {
    OsNode node(config(2));
    auto reactors = node.runtimes();
    runtime::ListenerConfig where{.name = "", .endpoint = {.host = "localhost", .port = 0}};
    auto first = reactors[0].transport.listen(where);
    ASSERT_TRUE(first.has_value());
    where.endpoint = (*first)->endpoint();
    auto second = reactors[1].transport.listen(where);
    ASSERT_TRUE(second.has_value());
    first->reset();
    OsNode other(config());
    EXPECT_FALSE(other.runtimes()[0].transport.listen(where).has_value());

    second->reset();

    EXPECT_TRUE(other.runtimes()[0].transport.listen(where).has_value());
}

TEST_F(OsNodeTest, ExplainsWhyItCannotListen) {
    OsNode node(config());
    auto listen = [&](const std::string& host) {
        return node.runtimes()[0].transport.listen({.name = "", .endpoint = {.host = host}});
    };

    EXPECT_EQ(listen("203.0.113.7").error().code, IoCode::not_found);
    EXPECT_NE(listen("203.0.113.7").error().text().find("no such address"), std::string::npos);
    EXPECT_TRUE(listen("").has_value());
}

TEST_F(OsNodeTest, ResolvesNames) {
    OsNode node(config());
    auto reactor = node.runtimes()[0];
    const auto listener =
        reactor.transport.listen({.name = "", .endpoint = {.host = "127.0.0.1", .port = 0}});
    ASSERT_TRUE(listener.has_value());
    std::unique_ptr<runtime::Connection> connected;

    reactor.transport.connect({.host = "localhost", .port = (*listener)->endpoint().port},
                              [&](auto result) { connected = *std::move(result); });

    EXPECT_TRUE(node.run_until([&] { return connected != nullptr; }, Duration::seconds(30)));
}

TEST_F(OsNodeTest, AcceptsAgainOnceThereAreDescriptors) {
    OsNode node(config());
    auto reactor = node.runtimes()[0];
    auto listener =
        reactor.transport.listen({.name = "", .endpoint = {.host = "127.0.0.1", .port = 0}});
    ASSERT_TRUE(listener.has_value());
    std::unique_ptr<runtime::Connection> client;
    std::unique_ptr<runtime::Connection> server;
    reactor.transport.connect((*listener)->endpoint(),
                              [&](auto result) { client = *std::move(result); });
    ASSERT_TRUE(node.run_until([&] { return client != nullptr; }, Duration::seconds(30)));
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    rlimit none = before;
    none.rlim_cur = 3;
    ::setrlimit(RLIMIT_NOFILE, &none);

    (*listener)->accept([&](auto result) { server = *std::move(result); });
    const bool is_early =
        node.run_until([&] { return server != nullptr; }, Duration::milliseconds(5));
    ::setrlimit(RLIMIT_NOFILE, &before);

    EXPECT_FALSE(is_early);
    EXPECT_TRUE(node.run_until([&] { return server != nullptr; }, Duration::seconds(30)));
}

}  // namespace
}  // namespace glasslog::os
