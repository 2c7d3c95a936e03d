#pragma once

// OsNode: a node on a real machine: N reactors, each a thread with its own sockets, timers and
// files, giving a runtime::Runtime each, and a pool of worker threads for what would block.
//
//   OsNode node(OsNodeConfig{.reactors = 2, .root = "/var/lib/glasslog"});
//   Broker broker(node.runtimes(), config);
//   node.on_terminate([&] { broker.stop([&] { node.stop(); }); });
//   broker.start(…);
//   node.run();
//
// Before run() and after it, every object of every reactor may be used on the calling thread.
// Inside it, an object is used on its reactor's thread only. So: build the broker before run(),
// destroy it after run() and before the node.

#include "core/runtime/runtime.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace glasslog::os {

// The Trace of one reactor. It reads `clock`, which lives as long as the node.
using MakeTrace =
    UniqueFunction<std::unique_ptr<runtime::Trace>(ReactorId reactor, const runtime::Clock& clock)>;

// Files and sockets that this process may have open, after raising its limit as far as is allowed.
// A node gives half of it to files.
std::size_t descriptors_max();

struct OsNodeConfig {
    NodeId node = no_node;  // as the trace knows it
    std::int32_t reactors = 1;
    std::int32_t worker_threads = 2;

    // Relative paths of Disk begin here; empty: the working directory.
    std::string root;

    // Messages waiting for each (sender, receiver).
    std::size_t mailbox_messages_max = 4096;

    // Descriptors that files may hold; 0: half of the process's limit. Files beyond it close the
    // descriptor of the one that was used longest ago, and reopen theirs when used.
    std::size_t open_files_max = 0;

    MakeTrace make_trace;  // empty: nobody listens
};

class OsNode {
public:
    explicit OsNode(OsNodeConfig config);

    // Everything that lives on a reactor is gone by now, run() has returned.
    ~OsNode();

    OsNode(const OsNode&) = delete;
    OsNode& operator=(const OsNode&) = delete;

    // One for each reactor, in order. They refer into this node.
    std::vector<runtime::Runtime> runtimes();

    // Runs reactor 0 on the calling thread and the others on theirs, until stop(). All threads
    // have joined when it returns.
    void run();

    // Any thread, also before run(), once or often. Each reactor ends its current task; what still
    // waits is destroyed with the node.
    void stop();

    // Runs all reactors on the calling thread until `finished`, or until `limit` has passed, which
    // gives false. For commands, which wait for one thing, and tests. Not together with run().
    bool run_until(UniqueFunction<bool()> finished, Duration limit = Duration::max());

    // Any thread: runs `task` on the reactor. For what stands outside (another library's thread).
    void post_from_outside(ReactorId reactor, runtime::Task task);

    // `callback` runs on reactor 0 at the first SIGTERM or SIGINT; the second ends the process at
    // once, with 128 + the signal's number. Call it once, before run().
    void on_terminate(runtime::Task callback);

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace glasslog::os
