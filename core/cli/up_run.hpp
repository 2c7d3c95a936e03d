#pragma once

// `glasslog up` while it runs: starts the nodes, shows them, obeys other terminals, stops them.

#include "core/cli/exit_code.hpp"
#include "core/cli/up_files.hpp"
#include "core/cli/up_members.hpp"
#include "core/cli/up_probe.hpp"
#include "core/cli/up_screen.hpp"
#include "core/cli/up_trace.hpp"
#include "core/os/os_node.hpp"

#include <memory>
#include <string>
#include <vector>

namespace glasslog::cli {

class UpRun {
public:
    struct Options {
        Launch launch;
        UpScreen::Form form = UpScreen::Form::lines;
        Duration start_limit;  // until all answer and one leads
        Duration stop_limit;   // of one node; then it is killed
    };

    // cluster: prepared, and locked by the caller; outlives this.
    UpRun(const PreparedCluster& cluster, Options options);

    // Until Ctrl-C or SIGTERM. done: all nodes ended as they should. failed: a node did not come up
    // or had to be killed. interrupted: stopped before all were up. unusable: what the cluster
    // needs is not there.
    ExitCode run();

private:
    enum class Phase : std::uint8_t { starting, running, stopping };

    // What a node is to do when its process has ended.
    enum class Next : std::uint8_t { stay_down, start_again };

    // Brokers leave through a quorum, so controllers go later. All of a group are asked together: a
    // node that is both leaves through controllers of which none has gone yet.
    enum class StopGroup : std::uint8_t { brokers, controllers };

    Expected<void, InputError> open_control();
    bool start_all();
    bool wait_for_start();
    void start(std::size_t node);
    void arm();
    void tick();
    void reap();
    void obey();
    void obey_line(const std::string& line);
    void restart(std::size_t node);
    void update();
    void say_ready();
    bool stop_all();
    bool stop_group(const std::vector<std::size_t>& nodes);
    std::vector<std::size_t> stop_order(StopGroup group) const;
    void save();
    void fail(const std::string& text);
    void fail_start();

    const PreparedCluster& cluster_;
    Options options_;
    os::OsNode node_;
    UpMembers members_;
    UpProbe probe_;
    UpScreen screen_;
    std::unique_ptr<UpTrace> trace_;  // when nodes have one
    os::Descriptor control_;
    std::string control_text_;  // without its end yet
    ClusterRows rows_;
    UpRecord record_;
    std::vector<Next> next_;
    std::vector<Instant> kill_at_;  // of nodes that restart
    Phase phase_ = Phase::starting;
    bool is_asked_to_stop_ = false;
    bool has_failed_ = false;
    std::uint64_t tick_count_ = 0;
    runtime::Timer timer_;
};

}  // namespace glasslog::cli
