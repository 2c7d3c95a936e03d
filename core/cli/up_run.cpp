#include "core/cli/up_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace glasslog::cli {
namespace {

constexpr Duration tick_interval = Duration::milliseconds(50);
constexpr std::uint64_t ticks_between_questions = 5;
constexpr Duration kill_limit = Duration::seconds(10);  // a killed process may hang on its disk
constexpr std::size_t control_bytes_max = 4096;

std::string commands_text(const std::string& directory) {
    return fmt::format(
        "  from another terminal:\n"
        "    glasslog up --status --data {0}\n"
        "    glasslog up --kill ID --data {0}     also --pause, --resume, --restart\n"
        "    glasslog up --stop --data {0}",
        directory);
}

}  // namespace

UpRun::UpRun(const PreparedCluster& cluster, Options options)
    : cluster_(cluster),
      options_(std::move(options)),
      node_(os::OsNodeConfig{.reactors = 1, .worker_threads = 1}),
      members_(cluster.plan, options_.launch),
      probe_(node_.runtimes().front(), cluster.plan),
      screen_(options_.form),
      next_(cluster.plan.nodes.size(), Next::stay_down),
      kill_at_(cluster.plan.nodes.size(), Instant::never()) {}

ExitCode UpRun::run() {
    if (auto opened = open_control(); !opened) {
        fmt::print(stderr, "glasslog up: {}\n", opened.error().text());
        return ExitCode::unusable;
    }
    if (options_.launch.has_trace) {
        auto trace = UpTrace::create(cluster_.plan.directory, os::OsClock());
        if (!trace) {
            fmt::print(stderr, "glasslog up: {}\n", trace.error().text());
            return ExitCode::unusable;
        }
        trace_ = std::move(*trace);
    }
    node_.on_terminate([this] { is_asked_to_stop_ = true; });
    record_.up = own_process();
    arm();
    const bool is_up = start_all() && wait_for_start();
    if (is_up) {
        phase_ = Phase::running;
        say_ready();
        node_.run_until([this] { return is_asked_to_stop_; });
    }
    const bool was_interrupted = !is_up && is_asked_to_stop_;
    const bool has_stopped = stop_all();
    if (was_interrupted) return ExitCode::interrupted;
    return is_up && has_stopped && !has_failed_ ? ExitCode::done : ExitCode::failed;
}

Expected<void, InputError> UpRun::open_control() {
    auto fifo = os::make_fifo(control_path(cluster_.plan.directory));
    if (fifo) {
        control_ = std::move(*fifo);
        return {};
    }
    return Unexpected{InputError{"--data",
                                 fifo.error().text(),
                                 "a directory of a file system with named pipes",
                                 "give another one with --data"}};
}

// --- starting -----------------------------------------------------------------------------------

bool UpRun::start_all() {
    screen_.say(fmt::format("starting {} nodes in {}",
                            cluster_.plan.nodes.size(),
                            cluster_.plan.directory));
    for (std::size_t i = 0; i < cluster_.plan.nodes.size() && !has_failed_; ++i)
        start(i);
    update();
    return !has_failed_;
}

void UpRun::start(std::size_t node) {
    next_[node] = Next::stay_down;
    kill_at_[node] = Instant::never();
    probe_.forget(node);
    const auto started = members_.start(node);
    if (!started)
        fail(fmt::format("node {}: {}", cluster_.plan.nodes[node].id, started.error().text()));
}

bool UpRun::wait_for_start() {
    const bool is_settled =
        node_.run_until([this] { return is_asked_to_stop_ || has_failed_ || is_ready(rows_); },
                        options_.start_limit);
    if (!is_settled) fail_start();
    return is_settled && !is_asked_to_stop_ && !has_failed_;
}

// Says what is missing.
void UpRun::fail_start() {
    std::string missing;
    for (const NodeRow& row : rows_.nodes) {
        if (row.state != NodeState::up)
            missing += fmt::format(" node {} is {};", row.id, name(row.state));
    }
    if (rows_.leader == no_node) missing += " the quorum has no leader;";
    missing.pop_back();
    fail(fmt::format("not up after {} s:{}\n  see {}/node-*/log; more time with --start-timeout",
                     options_.start_limit.milliseconds() / 1000,
                     missing,
                     cluster_.plan.directory));
}

void UpRun::fail(const std::string& text) {
    has_failed_ = true;
    screen_.leave();
    fmt::print(stderr, "glasslog up: {}\n", text);
}

void UpRun::say_ready() {
    const std::string& directory = cluster_.plan.directory;
    Json event;
    event["event"] = "ready";
    event["cluster_id"] = cluster_.cluster_id;
    event["data"] = directory;
    event["bootstrap_servers"] = broker_list(cluster_.plan);
    event["bootstrap_controllers"] = controller_list(cluster_.plan);
    screen_.tell(event);
    screen_.say(
        fmt::format("cluster {} is up\n"
                    "  clients: --bootstrap-server {}\n"
                    "  logs:    {}/node-N/log\n"
                    "{}\n"
                    "  Ctrl-C stops all nodes",
                    cluster_.cluster_id,
                    broker_list(cluster_.plan),
                    directory,
                    commands_text(directory)));
}

// --- running ------------------------------------------------------------------------------------

void UpRun::arm() {
    const runtime::Runtime runtime = node_.runtimes().front();
    timer_ = runtime.executor.at(runtime.clock.now() + tick_interval, [this] {
        tick();
        arm();
    });
}

void UpRun::tick() {
    reap();
    obey();
    members_.look();
    if (tick_count_++ % ticks_between_questions == 0 && phase_ != Phase::stopping) probe_.ask();
    update();
}

void UpRun::reap() {
    for (const std::size_t node : members_.reap()) {
        probe_.forget(node);
        if (next_[node] == Next::start_again && phase_ == Phase::running) {
            start(node);
        } else if (phase_ == Phase::starting) {
            fail(fmt::format("node {} {}\n  see {}",
                             cluster_.plan.nodes[node].id,
                             members_.facts(node).ending,
                             cluster_.plan.nodes[node].log_file()));
        }
    }
    const Instant now = node_.runtimes().front().clock.now();
    for (std::size_t i = 0; i < kill_at_.size(); ++i) {
        if (now >= kill_at_[i]) members_.kill(i);
    }
}

// Lines from other terminals.
void UpRun::obey() {
    const auto got = os::read_now(control_.get(), control_bytes_max);
    if (!got) return;
    control_text_ += as_text(got->view());
    for (std::size_t end = control_text_.find('\n'); end != std::string::npos;
         end = control_text_.find('\n')) {
        obey_line(control_text_.substr(0, end));
        control_text_.erase(0, end + 1);
    }
    if (control_text_.size() > control_bytes_max) control_text_.clear();
}

void UpRun::obey_line(const std::string& line) {
    if (phase_ == Phase::stopping) return;
    for (std::size_t i = 0; i < cluster_.plan.nodes.size(); ++i) {
        if (line == fmt::format("restart {}", cluster_.plan.nodes[i].id)) return restart(i);
    }
}

void UpRun::restart(std::size_t node) {
    if (!members_.has_process(node)) return start(node);
    next_[node] = Next::start_again;
    kill_at_[node] = node_.runtimes().front().clock.now() + options_.stop_limit;
    members_.ask_to_end(node);
}

void UpRun::update() {
    std::vector<NodeFacts> facts;
    for (std::size_t i = 0; i < cluster_.plan.nodes.size(); ++i) {
        NodeFacts one = members_.facts(i);
        one.is_answering = probe_.is_answering(i);
        one.has_answered = probe_.has_answered(i);
        if (trace_) trace_->see(cluster_.plan.nodes[i].id, one);
        facts.push_back(std::move(one));
    }
    rows_ = fold_rows(cluster_.plan, facts, probe_.views());
    screen_.show(rows_);
    save();
}

// Only what has changed: a disk is not for every tick.
void UpRun::save() {
    UpRecord record{.up = record_.up, .nodes = {}};
    for (std::size_t i = 0; i < cluster_.plan.nodes.size(); ++i) {
        record.nodes.push_back(members_.record(i));
        record.nodes.back().state = std::string(name(rows_.nodes[i].state));
    }
    if (record == record_) return;
    record_ = std::move(record);
    const auto saved = save_record(cluster_.plan.directory, record_);
    if (!saved) fmt::print(stderr, "glasslog up: {}\n", saved.error().text());
}

// --- stopping -----------------------------------------------------------------------------------

// The leader last.
std::vector<std::size_t> UpRun::stop_order(StopGroup group) const {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < cluster_.plan.nodes.size(); ++i) {
        const bool is_controller = cluster_.plan.nodes[i].controller.has_value();
        const bool is_of_group = is_controller == (group == StopGroup::controllers);
        if (is_of_group && members_.has_process(i)) order.push_back(i);
    }
    std::ranges::stable_partition(order, [this](std::size_t node) {
        return cluster_.plan.nodes[node].id != rows_.leader;
    });
    return order;
}

bool UpRun::stop_group(const std::vector<std::size_t>& nodes) {
    const auto has_process = [this](std::size_t node) { return members_.has_process(node); };
    const auto all_ended = [&] { return std::ranges::none_of(nodes, has_process); };
    for (const std::size_t node : nodes)
        members_.ask_to_end(node);
    node_.run_until(all_ended, options_.stop_limit);
    for (const std::size_t node : nodes) {
        if (!has_process(node)) continue;
        screen_.say(fmt::format("node {} did not stop in {} s: killed",
                                cluster_.plan.nodes[node].id,
                                options_.stop_limit.milliseconds() / 1000));
        members_.kill(node);
    }
    node_.run_until(all_ended, kill_limit);
    return std::ranges::all_of(nodes, [&](std::size_t node) {
        return !has_process(node) && has_ended_well(members_.last_exit(node));
    });
}

bool UpRun::stop_all() {
    phase_ = Phase::stopping;
    screen_.say("stopping all nodes; a second Ctrl-C kills them");
    const bool are_brokers_clean = stop_group(stop_order(StopGroup::brokers));
    const bool are_controllers_clean = stop_group(stop_order(StopGroup::controllers));
    update();
    if (trace_) trace_->finish();
    screen_.leave();
    return are_brokers_clean && are_controllers_clean;
}

}  // namespace glasslog::cli
