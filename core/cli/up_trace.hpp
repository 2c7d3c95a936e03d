#pragma once

// The trace of `glasslog up` itself, DIR/trace: what became of the processes, which these cannot
// tell. Together with the traces of the nodes it is one picture (core/trace/join.hpp).

#include "core/cli/up_status.hpp"
#include "core/os/file_sink.hpp"
#include "core/os/os_clock.hpp"
#include "core/trace/writer.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace glasslog::cli {

class UpTrace {
public:
    // Forgets the traces of an earlier run in that directory.
    static Expected<std::unique_ptr<UpTrace>, IoError> create(const std::string& directory,
                                                              const os::OsClock& clock);

    // The file is open: use create().
    UpTrace(std::unique_ptr<os::FileSink> sink, const os::OsClock& clock);

    // How the node is now; tells what is new. Seen 20 times a second, so late by up to 50 ms.
    void see(NodeId node, const NodeFacts& facts);

    // Nothing follows.
    void finish();

private:
    // Of one node, when it was last seen.
    struct Seen {
        NodeId node;
        bool has_process = false;
        bool is_paused = false;
        std::int32_t starts = 0;
    };

    Seen& seen(NodeId node);
    void tell_act(const std::string& verb, NodeId node);

    template <typename Kind>
    void add(NodeId node, const Kind& fields, trace::EventId cause);

    os::OsClock clock_;
    std::unique_ptr<os::FileSink> sink_;
    trace::TraceWriter writer_;
    std::uint64_t count_ = 0;
    std::vector<Seen> seen_;
};

}  // namespace glasslog::cli
