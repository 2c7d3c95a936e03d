// glasslog up: a cluster of processes on this machine.

#include "core/cli/session.hpp"
#include "core/cli/up_commands.hpp"
#include "core/cli/up_run.hpp"
#include "core/cli/verbs.hpp"
#include "core/os/directory_work.hpp"
#include "core/os/listening_sockets.hpp"
#include "core/os/os_node.hpp"
#include "core/os/process.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace glasslog::cli {
namespace {

constexpr std::size_t descriptors_needed = 256;  // of each node, and of this process

struct UpFlags {
    PlanWish wish{.directory = "/tmp/glasslog-cluster"};
    std::int64_t reactors = 0;  // 0: as the files say
    std::vector<std::string> properties;
    bool has_trace = false;
    bool is_json = false;
    std::int64_t start_timeout_s = 60;
    std::int64_t stop_timeout_s = 15;
    std::string program;
    // Of a cluster that runs.
    bool wants_status = false;
    bool wants_stop = false;
    std::optional<std::int32_t> kill;
    std::optional<std::int32_t> pause;
    std::optional<std::int32_t> resume;
    std::optional<std::int32_t> restart;
};

constexpr const char* examples =
    "Examples:\n"
    "  glasslog up --nodes 3 --data /tmp/cluster\n"
    "  glasslog up --controllers 3 --brokers 2 --data /tmp/cluster --trace\n"
    "  glasslog up --data /tmp/cluster            goes on with the cluster that is there\n"
    "From another terminal:\n"
    "  glasslog up --status --data /tmp/cluster\n"
    "  glasslog up --kill 2 --data /tmp/cluster\n"
    "  glasslog up --restart 2 --data /tmp/cluster\n"
    "  glasslog up --stop --data /tmp/cluster\n"
    "Node i serves clients at PORT+i-1 and the quorum at PORT+1000+i-1. A node that ends is shown\n"
    "and stays down until it is restarted.";

Launch launch_of(const UpFlags& flags) {
    Launch launch{.program = flags.program, .arguments = {}, .has_trace = flags.has_trace};
    // Not the file's path: it may be another file by the next restart.
    if (launch.program.empty()) launch.program = "/proc/self/exe";
    if (flags.reactors > 0) {
        launch.arguments.emplace_back("--reactors");
        launch.arguments.push_back(fmt::format("{}", flags.reactors));
    }
    for (const std::string& property : flags.properties) {
        launch.arguments.emplace_back("--set");
        launch.arguments.push_back(property);
    }
    return launch;
}

// Before anything starts: a node could only say it in its own log.
Expected<void, InputError> check_machine(const ClusterPlan& plan) {
    const std::size_t most = os::descriptors_max();
    if (most < descriptors_needed) {
        return Unexpected{
            InputError{"ulimit -n",
                       fmt::format("a process may have {} files and sockets open", most),
                       fmt::format("{} or more", descriptors_needed),
                       "raise it, for example with: ulimit -n 4096"}};
    }
    os::ListeningSockets sockets;
    std::vector<os::ListeningSockets::Opened> opened;
    for (const NodePlan& node : plan.nodes) {
        for (const auto& endpoint : {node.broker, node.controller}) {
            if (!endpoint) continue;
            auto one = sockets.open(ReactorId(0), *endpoint);
            if (!one) {
                return Unexpected{
                    InputError{"--port",
                               fmt::format("node {}: {}", node.id, one.error().text()),
                               {},
                               "a new cluster goes elsewhere with --port and --data"}};
            }
            opened.push_back(std::move(*one));
        }
    }
    return {};
}

ExitCode refuse_second(const std::string& directory, const IoError& error) {
    if (error.code != IoCode::exists) {
        return complain("up",
                        InputError{"--data",
                                   error.text(),
                                   "a directory that this user can write",
                                   "give another one with --data, or change its owner"});
    }
    const auto record = load_record(directory);
    fmt::print(stderr,
               "glasslog up: a cluster runs in {0} already{1}\n"
               "  look at it with: glasslog up --status --data {0}\n"
               "  another cluster needs another --data and --port\n",
               directory,
               record ? fmt::format(", by process {}", record->up.pid) : "");
    return ExitCode::failed;
}

ExitCode run_cluster(const UpFlags& flags) {
    const std::string& directory = flags.wish.directory;
    if (const auto made = make_usable(directory); !made) return complain("up", made.error());
    const auto lock = os::lock_file(lock_path(directory));
    if (!lock) return refuse_second(directory, lock.error());
    const auto cluster = prepare(flags.wish, &check_machine);
    if (!cluster) return complain("up", cluster.error());
    for (const NodeId node : cluster->replaced) {
        fmt::print(stderr,
                   "glasslog up: the data directory of node {} was empty and is formatted anew: as "
                   "a controller it follows, and votes again after `glasslog quorum add`\n",
                   node);
    }
    UpRun run(*cluster,
              {.launch = launch_of(flags),
               .form = UpScreen::form_for(flags.is_json),
               .start_limit = Duration::seconds(flags.start_timeout_s),
               .stop_limit = Duration::seconds(flags.stop_timeout_s)});
    return run.run();
}

std::optional<UpOrder> order_of(const UpFlags& flags) {
    UpOrder order{.directory = flags.wish.directory, .is_json = flags.is_json};
    const std::pair<UpCommand, std::optional<std::int32_t>> with_node[] = {
        {UpCommand::kill, flags.kill},
        {UpCommand::pause, flags.pause},
        {UpCommand::resume, flags.resume},
        {UpCommand::restart, flags.restart}};
    for (const auto& [command, node] : with_node) {
        if (!node) continue;
        order.command = command;
        order.node = node;
        return order;
    }
    if (!flags.wants_status && !flags.wants_stop) return std::nullopt;
    order.command = flags.wants_stop ? UpCommand::stop : UpCommand::status;
    return order;
}

ExitCode run(UpFlags flags) {
    flags.wish.directory = absolute_path(flags.wish.directory);
    if (const auto order = order_of(flags)) return carry_out(*order);
    return run_cluster(flags);
}

void add_start_flags(CLI::App& verb, UpFlags& flags) {
    auto* nodes = verb.add_option("--nodes",
                                  flags.wish.nodes,
                                  "Nodes that are broker and controller (default 3)")
                      ->check(CLI::Range(1, 100));
    verb.add_option("--controllers", flags.wish.controllers, "Nodes that are controllers only")
        ->check(CLI::Range(1, 100))
        ->excludes(nodes);
    verb.add_option("--brokers", flags.wish.brokers, "Nodes that are brokers only")
        ->check(CLI::Range(1, 100))
        ->excludes(nodes);
    verb.add_option("--data", flags.wish.directory, "The cluster's directory")
        ->capture_default_str();
    verb.add_option("--port", flags.wish.port, "Where clients find node 1 (default 9092)")
        ->check(CLI::Range(1, 65'535));
    verb.add_option("--reactors", flags.reactors, "Threads of each node that serve (default 1)")
        ->check(CLI::Range(1, 64));
    verb.add_option("--set",
                    flags.properties,
                    "key=value for every node, as in server.properties; may be repeated");
    verb.add_flag(
        "--trace",
        flags.has_trace,
        "Each node writes its events to DIR/node-N/trace; see them with glasslog-gui DIR");
    verb.add_option("--start-timeout", flags.start_timeout_s, "Seconds until all must be up")
        ->capture_default_str()
        ->check(CLI::Range(1, 3600));
    verb.add_option("--stop-timeout", flags.stop_timeout_s, "Seconds for a node to stop in peace")
        ->capture_default_str()
        ->check(CLI::Range(1, 3600));
    verb.add_option("--program", flags.program, "Start PROGRAM broker --config FILE for each node");
    verb.add_flag("--json", flags.is_json, "One object per line: what changes, or the answer");
}

// One of these at a time.
void add_order_flags(CLI::App& verb, UpFlags& flags) {
    auto* orders = verb.add_option_group("Of a cluster that runs");
    orders->require_option(0, 1);
    orders->add_flag("--status", flags.wants_status, "Show it once");
    orders->add_option("--kill", flags.kill, "End node ID at once (SIGKILL)");
    orders->add_option("--pause", flags.pause, "Stop node ID from running (SIGSTOP)");
    orders->add_option("--resume", flags.resume, "Let node ID go on (SIGCONT)");
    orders->add_option("--restart", flags.restart, "End node ID, if it runs, and start it");
    orders->add_flag("--stop", flags.wants_stop, "Stop all nodes, and `up`");
}

}  // namespace

void add_up_verb(CLI::App& app, Action& action) {
    CLI::App* verb = app.add_subcommand("up", "Run a cluster of brokers and controllers");
    auto flags = std::make_shared<UpFlags>();
    add_start_flags(*verb, *flags);
    add_order_flags(*verb, *flags);
    verb->footer(examples);
    verb->callback([flags, &action] { action = [flags] { return run(*flags); }; });
}

}  // namespace glasslog::cli
