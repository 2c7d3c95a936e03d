#include "core/os/os_node.hpp"

#include "core/base/check.hpp"
#include "core/os/null_trace.hpp"
#include "core/os/os_clock.hpp"
#include "core/os/os_disk.hpp"
#include "core/os/os_executor.hpp"
#include "core/os/os_mailbox.hpp"
#include "core/os/os_random.hpp"
#include "core/os/os_transport.hpp"
#include "core/os/terminator.hpp"
#include "core/os/worker_pool.hpp"

#include <algorithm>
#include <malloc.h>
#include <sys/resource.h>
#include <thread>

namespace glasslog::os {

namespace {

// How long one reactor waits for work while others, on the same thread, may get some.
constexpr Duration turn = Duration::milliseconds(1);

struct Reactor {
    std::unique_ptr<runtime::Trace> trace;
    OsRandom random;
    std::unique_ptr<OsExecutor> executor;
    std::unique_ptr<OsMailbox> mailbox;
    std::unique_ptr<OsTransport> transport;
    std::unique_ptr<OsDisk> disk;
};

std::size_t descriptors_for(const OsNodeConfig& config) {
    std::size_t share = config.open_files_max;
    if (share == 0) share = descriptors_max() / 2;
    return std::max<std::size_t>(share / static_cast<std::size_t>(config.reactors), 4);
}

// Large buffers come and go with every message. Left to itself, the allocator would return their
// memory to the system, and a page that is touched for the first time costs more than what it
// carries.
void keep_freed_memory() {
    ::mallopt(M_MMAP_THRESHOLD, 16 * 1024 * 1024);
    ::mallopt(M_TRIM_THRESHOLD, 16 * 1024 * 1024);
    ::mallopt(M_TOP_PAD, 1024 * 1024);
}

}  // namespace

std::size_t descriptors_max() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) ::getrlimit(RLIMIT_NOFILE, &limit);
    }
    return std::min<std::size_t>(limit.rlim_cur, 1u << 20);
}

struct OsNode::Parts {
    explicit Parts(OsNodeConfig wanted)
        : config(std::move(wanted)), workers(config.worker_threads) {}

    OsNodeConfig config;
    OsClock clock;
    ListeningSockets listening;
    WorkerPool workers;
    std::vector<Reactor> reactors;
    std::unique_ptr<Terminator> terminator;
};

OsNode::OsNode(OsNodeConfig config) : parts_(std::make_unique<Parts>(std::move(config))) {
    keep_freed_memory();
    Parts& parts = *parts_;
    CHECK(parts.config.reactors > 0);
    const auto count = static_cast<std::size_t>(parts.config.reactors);
    std::vector<OsExecutor*> executors;
    for (std::size_t i = 0; i < count; ++i) {
        const ReactorId id(static_cast<std::int32_t>(i));
        Reactor& reactor = parts.reactors.emplace_back();
        if (parts.config.make_trace) reactor.trace = parts.config.make_trace(id, parts.clock);
        if (reactor.trace == nullptr) reactor.trace = std::make_unique<NullTrace>();
        reactor.executor = std::make_unique<OsExecutor>(
            parts.clock,
            *reactor.trace,
            OsExecutor::Options{.senders = count,
                                .messages_max = parts.config.mailbox_messages_max});
        executors.push_back(reactor.executor.get());
    }
    for (std::size_t i = 0; i < count; ++i) {
        const ReactorId id(static_cast<std::int32_t>(i));
        Reactor& reactor = parts.reactors[i];
        reactor.mailbox = std::make_unique<OsMailbox>(id, executors);
        reactor.transport = std::make_unique<OsTransport>(
            *reactor.executor,
            parts.listening,
            OsTransport::Place{.node = parts.config.node,
                               .reactor = id,
                               .reactor_count = parts.config.reactors});
        reactor.disk = std::make_unique<OsDisk>(
            *reactor.executor,
            parts.workers,
            OsDisk::Options{.root = parts.config.root,
                            .descriptors_max = descriptors_for(parts.config)});
    }
}

OsNode::~OsNode() {
    Parts& parts = *parts_;
    parts.terminator.reset();
    parts.workers.stop();
    // What waits may own files, timers and messages to other reactors: it goes first, while all
    // that those refer to is there.
    for (Reactor& reactor : parts.reactors)
        reactor.transport.reset();
    for (Reactor& reactor : parts.reactors)
        reactor.executor->close();
    for (Reactor& reactor : parts.reactors)
        reactor.executor->close();
    for (Reactor& reactor : parts.reactors)
        reactor.disk.reset();
}

std::vector<runtime::Runtime> OsNode::runtimes() {
    std::vector<runtime::Runtime> out;
    out.reserve(parts_->reactors.size());
    for (Reactor& reactor : parts_->reactors) {
        out.push_back({.reactor = ReactorId(static_cast<std::int32_t>(out.size())),
                       .reactor_count = parts_->config.reactors,
                       .clock = parts_->clock,
                       .executor = *reactor.executor,
                       .mailbox = *reactor.mailbox,
                       .transport = *reactor.transport,
                       .disk = *reactor.disk,
                       .random = reactor.random,
                       .trace = *reactor.trace});
    }
    return out;
}

void OsNode::run() {
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < parts_->reactors.size(); ++i) {
        OsExecutor& executor = *parts_->reactors[i].executor;
        threads.push_back(start_thread([&executor] { executor.run(); }));
    }
    parts_->reactors[0].executor->run();
    for (std::thread& thread : threads)
        thread.join();
}

void OsNode::stop() {
    for (Reactor& reactor : parts_->reactors)
        reactor.executor->stop();
}

bool OsNode::run_until(UniqueFunction<bool()> finished, Duration limit) {
    const Instant deadline = parts_->clock.now() + limit;
    const bool is_alone = parts_->reactors.size() == 1;
    OsExecutor& first = *parts_->reactors[0].executor;
    while (!finished()) {
        const Duration left = deadline - parts_->clock.now();
        if (left <= Duration() || first.is_stopped()) return false;
        bool has_run = false;
        for (Reactor& reactor : parts_->reactors)
            has_run = reactor.executor->run_some(Duration()) || has_run;
        if (!has_run) first.run_some(is_alone ? std::min(left, Duration::seconds(60)) : turn);
    }
    return true;
}

void OsNode::post_from_outside(ReactorId reactor, runtime::Task task) {
    const auto index = static_cast<std::size_t>(reactor.value());
    CHECK(index < parts_->reactors.size());
    parts_->reactors[index].executor->post_from_outside(std::move(task));
}

void OsNode::on_terminate(runtime::Task callback) {
    CHECK(parts_->terminator == nullptr);
    OsExecutor& executor = *parts_->reactors[0].executor;
    parts_->terminator =
        std::make_unique<Terminator>([&executor, callback = std::move(callback)]() mutable {
            executor.post_from_outside(std::move(callback));
        });
}

}  // namespace glasslog::os
