#include "core/cli/up_members.hpp"

#include "core/os/trace_files.hpp"

#include <fmt/format.h>

#include <csignal>

namespace glasslog::cli {

bool has_ended_well(const os::ExitStatus& exit) {
    return exit.is_success() || exit.code == 128 + SIGTERM;
}

UpMembers::UpMembers(const ClusterPlan& plan, Launch launch)
    : plan_(plan), launch_(std::move(launch)), members_(plan.nodes.size()) {}

Expected<void, IoError> UpMembers::start(std::size_t node) {
    const NodePlan& planned = plan_.nodes[node];
    Member& member = members_[node];
    os::Command command{.program = launch_.program,
                        .arguments = {"broker", "--config", planned.config_file()},
                        .output_file = planned.log_file(),
                        .has_own_group = true};
    command.arguments.insert(command.arguments.end(),
                             launch_.arguments.begin(),
                             launch_.arguments.end());
    if (launch_.has_trace) {
        if (member.starts > 0) TRY(os::set_trace_aside(planned.trace_file(), member.starts));
        command.arguments.emplace_back("--trace");
        command.arguments.push_back(planned.trace_file());
    }
    auto spawned = TRY(os::spawn(command));
    member.child = spawned.child;
    member.has_process = true;
    member.is_paused = false;
    ++member.starts;
    // A child that has not been awaited is in /proc, also when it has ended.
    const auto facts = os::process_facts(member.child.pid());
    member.start = facts ? facts->start : 0;
    return {};
}

std::vector<std::size_t> UpMembers::reap() {
    std::vector<std::size_t> ended;
    for (std::size_t i = 0; i < members_.size(); ++i) {
        Member& member = members_[i];
        if (!member.has_process) continue;
        const auto status = member.child.poll();
        if (status && !status->has_value()) continue;
        member.has_process = false;
        member.is_paused = false;
        member.exit = status ? **status : os::ExitStatus{.code = -1, .signal = 0};
        const std::string said = last_line(plan_.nodes[i].log_file());
        const bool is_told = !said.empty() && !has_ended_well(member.exit);
        member.ending = member.exit.text() + (is_told ? ": " + said : "");
        ended.push_back(i);
    }
    return ended;
}

void UpMembers::look() {
    for (Member& member : members_) {
        if (!member.has_process) continue;
        const auto facts = os::process_facts(member.child.pid());
        member.is_paused = facts && facts->state == 'T';
    }
}

void UpMembers::ask_to_end(std::size_t node) {
    const Member& member = members_[node];
    if (!member.has_process) return;
    ignore(member.child.signal(SIGTERM), "it may have ended by now");
    ignore(member.child.signal(SIGCONT), "likewise");
}

void UpMembers::kill(std::size_t node) {
    const Member& member = members_[node];
    if (member.has_process) ignore(member.child.signal(SIGKILL), "it may have ended by now");
}

NodeFacts UpMembers::facts(std::size_t node) const {
    const Member& member = members_[node];
    return {.pid = member.has_process ? member.child.pid() : -1,
            .is_paused = member.is_paused,
            .ending = member.ending,
            .starts = member.starts,
            .has_ended_well = has_ended_well(member.exit),
            .signal = member.exit.signal};
}

NodeRecord UpMembers::record(std::size_t node) const {
    const Member& member = members_[node];
    const int pid = member.has_process ? member.child.pid() : -1;
    return {.id = plan_.nodes[node].id,
            .process = {.pid = pid, .start = member.has_process ? member.start : 0},
            .starts = member.starts,
            .state = {},
            .ending = member.ending};
}

}  // namespace glasslog::cli
