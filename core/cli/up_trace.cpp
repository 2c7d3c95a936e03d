#include "core/cli/up_trace.hpp"

#include "core/os/trace_files.hpp"
#include "core/trace/event.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace glasslog::cli {

namespace kinds = trace::kinds;

Expected<std::unique_ptr<UpTrace>, IoError> UpTrace::create(const std::string& directory,
                                                            const os::OsClock& clock) {
    const std::vector<std::string> old = TRY(os::trace_files(directory));
    for (const std::string& path : old)
        TRY(os::remove_tree(path));
    auto sink = TRY(os::FileSink::create(directory + "/trace"));
    return std::make_unique<UpTrace>(std::move(sink), clock);
}

UpTrace::UpTrace(std::unique_ptr<os::FileSink> sink, const os::OsClock& clock)
    : clock_(clock),
      sink_(std::move(sink)),
      writer_(*sink_,
              {.seed = 0, .build = "glasslog", .configuration = {}, .origin = clock.origin()}) {}

UpTrace::Seen& UpTrace::seen(NodeId node) {
    const auto found = std::ranges::find(seen_, node, &Seen::node);
    return found == seen_.end() ? seen_.emplace_back(Seen{.node = node}) : *found;
}

void UpTrace::see(NodeId node, const NodeFacts& facts) {
    Seen& before = seen(node);
    const Seen now{.node = node,
                   .has_process = facts.pid >= 0,
                   .is_paused = facts.is_paused,
                   .starts = facts.starts};
    const bool has_ended = before.has_process && (!now.has_process || now.starts > before.starts);
    if (has_ended && !facts.has_ended_well) {
        tell_act(facts.signal != 0 ? "kill" : "fail", node);
        add(node, kinds::NodeCrashed{"process"}, trace::EventId(count_));
    }
    if (now.starts > before.starts && now.starts > 1) tell_act("restart", node);
    if (now.is_paused && !before.is_paused) {
        tell_act("pause", node);
        add(node, kinds::NodePaused{}, trace::EventId(count_));
    }
    if (!now.is_paused && before.is_paused && !has_ended) {
        tell_act("resume", node);
        add(node, kinds::NodeResumed{}, trace::EventId(count_));
    }
    before = now;
    writer_.flush();
}

// In the words of `up`, as a mark of the whole picture.
void UpTrace::tell_act(const std::string& verb, NodeId node) {
    add(no_node, kinds::FaultInjected{fmt::format("{} {}", verb, node)}, trace::no_event);
}

template <typename Kind>
void UpTrace::add(NodeId node, const Kind& fields, trace::EventId cause) {
    writer_.add({.time = clock_.now(),
                 .id = trace::EventId(++count_),
                 .cause = cause,
                 .second_cause = trace::no_event,
                 .node = node,
                 .kind = trace::EventKind(Kind::kind.number),
                 .payload = Bytes::from(trace::encode(fields))});
}

void UpTrace::finish() {
    writer_.finish();
}

}  // namespace glasslog::cli
