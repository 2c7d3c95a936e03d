// What core/os costs: echoes messages over loopback, client and server on one thread, and appends
// to and reads from a file.
//
//   os_echo [message bytes] [messages in flight] [rounds]
//
// Prints messages a second, allocations a message (both ends), MB/s; run it under `strace -c` for
// system calls a message.

#include "core/os/os_node.hpp"
#include "core/os/process.hpp"
#include "tests/support/allocations.hpp"

#include <cstdio>
#include <cstdlib>
#include <functional>

namespace {

using glasslog::Bytes;
using glasslog::Duration;
using glasslog::Expected;
using glasslog::Instant;
using glasslog::IoError;
using glasslog::os::OsNode;
using glasslog::runtime::Connection;
using glasslog::runtime::File;
using glasslog::runtime::OpenMode;
using glasslog::runtime::Runtime;

struct Load {
    std::size_t bytes = 1024;
    std::size_t in_flight = 1;
    std::size_t rounds = 100'000;
};

// Sends back all that it reads.
class Echo {
public:
    explicit Echo(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {
        read();
    }

private:
    void read() {
        connection_->read(64 * 1024, [this](Expected<Bytes, IoError> chunk) {
            if (!chunk || chunk->empty()) return;
            connection_->write(*std::move(chunk), {}, [](auto) {});
            read();
        });
    }

    std::unique_ptr<Connection> connection_;
};

// Keeps `in_flight` messages on their way.
class Client {
public:
    Client(std::unique_ptr<Connection> connection, Load load)
        : connection_(std::move(connection)),
          load_(load),
          message_(Bytes::from(std::vector<std::uint8_t>(load.bytes, 'm'))) {
        for (std::size_t i = 0; i < load.in_flight; ++i)
            send();
        read();
    }

    bool is_done() const { return received_ >= load_.rounds * load_.bytes; }

private:
    void send() {
        ++sent_;
        connection_->write(message_, {}, [](auto) {});
    }

    void read() {
        connection_->read(64 * 1024, [this](Expected<Bytes, IoError> chunk) {
            received_ += chunk->size();
            while (sent_ < load_.rounds && sent_ < received_ / load_.bytes + load_.in_flight)
                send();
            if (!is_done()) read();
        });
    }

    std::unique_ptr<Connection> connection_;
    Load load_;
    Bytes message_;
    std::size_t sent_ = 0;
    std::size_t received_ = 0;
};

void report(const char* what, Load load, Duration took, glasslog::support::Allocations used) {
    const auto us = static_cast<std::uint64_t>(took.nanoseconds() / 1000);
    std::printf("%-8s %7zu bytes: %8llu a second, %6llu MB/s, %.2f allocations each\n",
                what,
                load.bytes,
                static_cast<unsigned long long>(load.rounds * 1'000'000 / (us + 1)),
                static_cast<unsigned long long>(load.rounds * load.bytes / (us + 1)),
                static_cast<double>(used.count) / static_cast<double>(load.rounds));
}

void echo(OsNode& node, Load load) {
    Runtime reactor = node.runtimes()[0];
    auto listener = *reactor.transport.listen({.name = "", .endpoint = {.host = "127.0.0.1"}});
    std::unique_ptr<Echo> server;
    std::unique_ptr<Connection> connected;
    listener->accept([&](auto result) { server = std::make_unique<Echo>(*std::move(result)); });
    reactor.transport.connect(listener->endpoint(),
                              [&](auto result) { connected = *std::move(result); });
    node.run_until([&] { return server != nullptr && connected != nullptr; });
    const Instant begin = reactor.clock.now();
    const auto before = glasslog::support::allocations();
    Client client(std::move(connected), load);
    node.run_until([&] { return client.is_done(); });
    report("echo", load, reactor.clock.now() - begin, glasslog::support::allocations() - before);
}

void files(OsNode& node, Load load) {
    Runtime reactor = node.runtimes()[0];
    std::unique_ptr<File> file;
    reactor.disk.open("bench", OpenMode::create, [&](auto result) { file = *std::move(result); });
    node.run_until([&] { return file != nullptr; });
    const Bytes block = Bytes::from(std::vector<std::uint8_t>(load.bytes, 'b'));

    std::size_t done = 0;
    std::function<void()> append = [&] {
        file->append(block, [&](auto) {
            if (++done < load.rounds) append();
        });
    };
    std::function<void()> read = [&] {
        file->read_at(done * load.bytes, load.bytes, [&](auto) {
            if (++done < load.rounds) read();
        });
    };
    for (const auto& [what, step] : {std::pair{"append", &append}, std::pair{"read", &read}}) {
        done = 0;
        const Instant begin = reactor.clock.now();
        const auto before = glasslog::support::allocations();
        (*step)();
        node.run_until([&] { return done == load.rounds; });
        report(what, load, reactor.clock.now() - begin, glasslog::support::allocations() - before);
    }
}

}  // namespace

int main(int argc, char** argv) {
    Load load;
    if (argc > 1) load.bytes = std::strtoul(argv[1], nullptr, 10);
    if (argc > 2) load.in_flight = std::strtoul(argv[2], nullptr, 10);
    if (argc > 3) load.rounds = std::strtoul(argv[3], nullptr, 10);
    const std::string root = *glasslog::os::make_temporary_directory("glasslog-os-echo");
    {
        OsNode node({.root = root, .make_trace = {}});
        echo(node, load);
        files(node, load);
    }
    glasslog::ignore(glasslog::os::remove_tree(root), "temporary");
    return 0;
}
