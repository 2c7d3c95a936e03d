#include "core/cli/up_commands.hpp"

#include "core/cli/session.hpp"
#include "core/cli/up_files.hpp"
#include "core/cli/up_probe.hpp"
#include "core/cli/up_status.hpp"
#include "core/os/os_node.hpp"
#include "core/os/process.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <csignal>

namespace glasslog::cli {
namespace {

constexpr Duration glance = Duration::milliseconds(20);
constexpr Duration probe_limit = Duration::seconds(3);
constexpr Duration signal_limit = Duration::seconds(10);
constexpr Duration restart_limit = Duration::seconds(90);
constexpr Duration stop_limit = Duration::seconds(600);

const char* verb_name = "up";

ExitCode fail(const std::string& text) {
    fmt::print(stderr, "glasslog {}: {}\n", verb_name, text);
    return ExitCode::failed;
}

// A node to wait with.
class Watch {
public:
    Watch() : node_(os::OsNodeConfig{.reactors = 1, .worker_threads = 1}) {}

    runtime::Runtime runtime() { return node_.runtimes().front(); }

    // Looks often until it is so; false after the limit.
    template <typename Condition>
    bool until(Condition condition, Duration limit) {
        arm();
        return node_.run_until([&] { return condition(); }, limit);
    }

private:
    void arm() {
        timer_ = runtime().executor.at(runtime().clock.now() + glance, [this] { arm(); });
    }

    os::OsNode node_;
    runtime::Timer timer_;
};

// The cluster, and the processes that run it now.
struct Running {
    ClusterPlan plan;
    UpRecord record;
};

// Prints the event, or the words of it.
ExitCode told(const UpOrder& order, const Json& event, const std::string& words) {
    fmt::print("{}\n", order.is_json ? to_line(event) : words);
    return ExitCode::done;
}

Json event_of(const std::string& what, const NodeRecord& node) {
    Json event;
    event["event"] = what;
    event["node"] = node.id.value();
    event["pid"] = node.process.pid;
    return event;
}

// --- status -------------------------------------------------------------------------------------

ExitCode status(const UpOrder& order, const Running& running) {
    Watch watch;
    UpProbe probe(watch.runtime(), running.plan);
    probe.ask();
    watch.until([&] { return probe.is_settled(); }, probe_limit);
    std::vector<NodeFacts> facts;
    for (std::size_t i = 0; i < running.plan.nodes.size(); ++i) {
        const NodeRecord* node = running.record.find(running.plan.nodes[i].id);
        NodeFacts one;
        if (node != nullptr) one.ending = node->ending;
        if (node != nullptr && is_alive(node->process)) {
            const auto process = os::process_facts(node->process.pid);
            one.pid = node->process.pid;
            one.is_paused = process && process->state == 'T';
            one.is_answering = probe.is_answering(i);
            one.has_answered = node->state != name(NodeState::starting);
        }
        facts.push_back(std::move(one));
    }
    const ClusterRows rows = fold_rows(running.plan, facts, probe.views());
    if (order.is_json) {
        fmt::print("{}\n", to_text(json_of(rows)));
        return ExitCode::done;
    }
    fmt::print("cluster in {}, run by process {}\n", order.directory, running.record.up.pid);
    for (const std::string& line : table(rows))
        fmt::print("{}\n", line);
    return ExitCode::done;
}

// --- signals ------------------------------------------------------------------------------------

struct Signalling {
    int number = 0;
    std::string done;    // "killed"
    std::string advice;  // what undoes it
};

Signalling signalling_of(const UpOrder& order) {
    const std::string where = fmt::format("{} --data {}", *order.node, order.directory);
    if (order.command == UpCommand::kill) {
        return {.number = SIGKILL,
                .done = "killed",
                .advice = "start it again with: glasslog up --restart " + where};
    }
    if (order.command == UpCommand::pause) {
        return {.number = SIGSTOP,
                .done = "paused",
                .advice = "let it go on with: glasslog up --resume " + where};
    }
    return {.number = SIGCONT, .done = "resumed", .advice = {}};
}

// The signal has had its effect.
bool has_come(UpCommand command, const ProcessRecord& process) {
    if (command == UpCommand::kill) return !is_alive(process);
    const auto facts = os::process_facts(process.pid);
    const bool is_stopped = facts && facts->state == 'T';
    return is_stopped == (command == UpCommand::pause);
}

// "exited with 1: …", "was killed by signal 9".
std::string how_it_ended(const NodeRecord& node) {
    if (node.ending.empty()) return "has ended";
    return (node.ending.starts_with("killed") ? "was " : "") + node.ending;
}

ExitCode send_signal(const UpOrder& order, const NodeRecord& node) {
    const Signalling signalling = signalling_of(order);
    const auto handle = os::ProcessHandle::open(node.process.pid, node.process.start);
    if (!handle) {
        return fail(
            fmt::format("node {} has no process: it {}\n  start it with: glasslog up "
                        "--restart {} --data {}",
                        node.id,
                        how_it_ended(node),
                        node.id,
                        order.directory));
    }
    const bool is_resume = order.command == UpCommand::resume;
    if (is_resume && has_come(order.command, node.process))
        return fail(fmt::format("node {} (pid {}) is not paused", node.id, node.process.pid));
    const auto sent = handle->signal(signalling.number);
    if (!sent) return fail(fmt::format("node {}: {}", node.id, sent.error().text()));
    Watch watch;
    if (!watch.until([&] { return has_come(order.command, node.process); }, signal_limit))
        return fail(
            fmt::format("node {} (pid {}) was not {}", node.id, node.process.pid, signalling.done));
    std::string words =
        fmt::format("node {} (pid {}) {}", node.id, node.process.pid, signalling.done);
    if (!signalling.advice.empty()) words += "; " + signalling.advice;
    return told(order, event_of(signalling.done, node), words);
}

// --- what `up` itself does ----------------------------------------------------------------------

ExitCode restart(const UpOrder& order, const NodeRecord& before) {
    const auto asked =
        os::write_to_fifo(control_path(order.directory), fmt::format("restart {}\n", before.id));
    if (!asked) return fail("it cannot be told: " + asked.error().text());
    Watch watch;
    NodeRecord now;
    const bool is_settled = watch.until(
        [&] {
            const auto record = load_record(order.directory);
            const NodeRecord* found = record ? record->find(before.id) : nullptr;
            if (found != nullptr) now = *found;
            const bool has_started = found != nullptr && now.starts > before.starts;
            return has_started &&
                   (now.state == name(NodeState::up) || now.state == name(NodeState::down));
        },
        restart_limit);
    if (!is_settled)
        return fail(fmt::format("node {} is not up after {} s; see {}/node-{}/log",
                                before.id,
                                restart_limit.milliseconds() / 1000,
                                order.directory,
                                before.id));
    if (now.state != name(NodeState::up))
        return fail(fmt::format("node {} {}", before.id, now.ending));
    return told(order,
                event_of("restarted", now),
                fmt::format("node {} restarted, pid {}", now.id, now.process.pid));
}

ExitCode stop(const UpOrder& order, const UpRecord& record) {
    const auto handle = os::ProcessHandle::open(record.up.pid, record.up.start);
    if (!handle) return fail(handle.error().text());
    const auto sent = handle->signal(SIGTERM);
    if (!sent) return fail(sent.error().text());
    if (!handle->wait_for_end(stop_limit))
        return fail(fmt::format("process {} does not end", record.up.pid));
    Json event;
    event["event"] = "stopped";
    event["pid"] = record.up.pid;
    return told(order, event, fmt::format("the cluster in {} is stopped", order.directory));
}

ExitCode unknown_node(const UpOrder& order, const ClusterPlan& plan) {
    std::vector<std::string> ids;
    for (const NodePlan& node : plan.nodes)
        ids.push_back(fmt::format("{}", node.id));
    return complain(verb_name,
                    InputError{fmt::format("node {}", *order.node),
                               fmt::format("{} has no such node", order.directory),
                               fmt::format("one of {}", fmt::join(ids, ", ")),
                               {}});
}

}  // namespace

ExitCode carry_out(const UpOrder& order) {
    auto plan = read_cluster(order.directory);
    if (!plan) return complain(verb_name, plan.error());
    const auto record = load_record(order.directory);
    if (!record || !is_alive(record->up)) {
        const std::string last =
            record ? fmt::format(": `glasslog up`, process {}, has ended", record->up.pid) : "";
        return fail(
            fmt::format("no cluster runs in {0}{1}\n  start it with: glasslog up --data {0}",
                        order.directory,
                        last));
    }
    const Running running{.plan = std::move(*plan), .record = *record};
    if (order.command == UpCommand::status) return status(order, running);
    if (order.command == UpCommand::stop) return stop(order, running.record);
    const NodeRecord* node = running.record.find(NodeId(*order.node));
    if (node == nullptr) return unknown_node(order, running.plan);
    if (order.command == UpCommand::restart) return restart(order, *node);
    return send_signal(order, *node);
}

}  // namespace glasslog::cli
