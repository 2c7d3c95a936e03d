// OsExecutor: tasks, timers and completions run under the cause that was current when they were
// asked for; what comes from outside has none, and a timer's task hands its own on to nothing.

#include "core/os/os_node.hpp"
#include "tests/core/os/support.hpp"

#include <functional>

namespace glasslog::os {
namespace {

using runtime::EventId;

constexpr EventId closed_event{9};

// Remembers the cause, as a real node's trace does.
class CauseTrace final : public runtime::Trace {
public:
    bool wants(runtime::TraceLevel /*level*/) const override { return true; }

    EventId emit(runtime::EventKind /*kind*/, ByteView /*bytes*/, EventId /*second*/) override {
        return closed_event;
    }

    EventId current_cause() const override { return cause_; }

    void set_current_cause(EventId cause) override { cause_ = cause; }

private:
    EventId cause_;
};

class CauseTest : public TemporaryDirectoryTest {
protected:
    CauseTest()
        : node_(OsNodeConfig{.reactors = 2, .root = root(), .make_trace = [](auto, auto&) {
                                 return std::make_unique<CauseTrace>();
                             }}) {}

    // Calls `ask` under cause 7; the cause under which what it asked for is called back.
    EventId cause_of(const std::function<void(runtime::Task)>& ask) {
        std::optional<EventId> seen;
        first_.trace.set_current_cause(EventId(7));
        ask([&] {
            // On either reactor, one of them has it.
            seen = std::max(first_.trace.current_cause(), second_.trace.current_cause());
        });
        first_.trace.set_current_cause(runtime::no_event);
        EXPECT_TRUE(node_.run_until([&] { return seen.has_value(); }, Duration::seconds(30)));
        EXPECT_EQ(first_.trace.current_cause(), runtime::no_event) << "between tasks";
        return seen.value_or(runtime::no_event);
    }

    OsNode node_;
    runtime::Runtime first_ = node_.runtimes()[0];
    runtime::Runtime second_ = node_.runtimes()[1];
};

TEST_F(CauseTest, OfATask) {
    EXPECT_EQ(cause_of([&](auto task) { first_.executor.post(std::move(task)); }), EventId(7));
}

TEST_F(CauseTest, OfATimer) {
    runtime::Timer timer;
    EXPECT_EQ(cause_of([&](auto task) { timer = first_.executor.at(Instant(), std::move(task)); }),
              EventId(7));
}

TEST_F(CauseTest, OfAMessage) {
    EXPECT_EQ(cause_of([&](auto task) {
                  ASSERT_TRUE(first_.mailbox.post_to(ReactorId(1), std::move(task)));
              }),
              EventId(7));
}

TEST_F(CauseTest, OfWorkOnTheDisk) {
    std::unique_ptr<runtime::File> file;
    EXPECT_EQ(cause_of([&](auto task) {
                  first_.disk.open("file",
                                   runtime::OpenMode::create,
                                   [&, done = std::move(task)](auto opened) mutable {
                                       file = *std::move(opened);
                                       done();
                                   });
              }),
              EventId(7));
    EXPECT_EQ(cause_of([&](auto task) {
                  file->append(Bytes(), [done = std::move(task)](auto) mutable { done(); });
              }),
              EventId(7));
    EXPECT_EQ(cause_of([&](auto task) {
                  file->sync([done = std::move(task)](auto) mutable { done(); });
              }),
              EventId(7));
}

TEST_F(CauseTest, ATimerThatArmsItselfForgetsTheFirstOne) {
    runtime::Timer first;
    runtime::Timer second;
    std::vector<EventId> seen;
    first_.trace.set_current_cause(EventId(7));
    first = first_.executor.at(Instant(), [&] {
        seen.push_back(first_.trace.current_cause());
        second =
            first_.executor.at(Instant(), [&] { seen.push_back(first_.trace.current_cause()); });
    });
    first_.trace.set_current_cause(runtime::no_event);
    ASSERT_TRUE(node_.run_until([&] { return seen.size() == 2; }, Duration::seconds(30)));
    EXPECT_EQ(seen, (std::vector{EventId(7), runtime::no_event}));
}

// Under whatever event they were waited for.
TEST_F(CauseTest, OfAConnectionAndOfBytesIsNone) {
    auto listener = first_.transport.listen({.name = "", .endpoint = {.host = "127.0.0.1"}});
    std::unique_ptr<runtime::Connection> server;
    std::unique_ptr<runtime::Connection> client;
    EXPECT_EQ(cause_of([&](auto task) {
                  (*listener)->accept([&, done = std::move(task)](auto accepted) mutable {
                      server = *std::move(accepted);
                      done();
                  });
                  first_.transport.connect((*listener)->endpoint(),
                                           [&](auto connected) { client = *std::move(connected); });
              }),
              runtime::no_event);
    ASSERT_TRUE(node_.run_until([&] { return client != nullptr; }, Duration::seconds(30)));
    client->write(Bytes::copy_of(as_bytes("x")), {}, [](auto) {});

    EXPECT_EQ(cause_of([&](auto task) {
                  server->read(1, [done = std::move(task)](auto) mutable { done(); });
              }),
              runtime::no_event);

    client.reset();
    EXPECT_EQ(cause_of([&](auto task) {
                  server->read(1, [&, done = std::move(task)](auto) mutable {
                      server.reset();
                      done();
                  });
              }),
              closed_event)
        << "what follows from its end";
}

}  // namespace
}  // namespace glasslog::os
