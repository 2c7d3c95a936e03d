#pragma once

// The processes of a running cluster: started, watched, ended. Nothing is started again by itself.

#include "core/cli/up_files.hpp"
#include "core/cli/up_plan.hpp"
#include "core/cli/up_status.hpp"
#include "core/os/process.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace glasslog::cli {

// How nodes are started, besides by their server.properties.
struct Launch {
    std::string program;
    std::vector<std::string> arguments;  // behind `broker --config FILE`
    bool has_trace = false;
};

// Some programs, Apache Kafka's among them, say with 128+15 that they were asked to end.
bool has_ended_well(const os::ExitStatus& exit);

// Nodes are counted as in the plan, which must outlive this.
class UpMembers {
public:
    UpMembers(const ClusterPlan& plan, Launch launch);

    // The node has no process now.
    Expected<void, IoError> start(std::size_t node);

    // Nodes whose process has ended since the last call.
    std::vector<std::size_t> reap();

    // Looks at /proc for those that are paused.
    void look();

    // Asks it to end, also when it is paused.
    void ask_to_end(std::size_t node);
    void kill(std::size_t node);

    bool has_process(std::size_t node) const { return members_[node].has_process; }

    // Of the last process that has ended.
    const os::ExitStatus& last_exit(std::size_t node) const { return members_[node].exit; }

    // Without is_answering and has_answered.
    NodeFacts facts(std::size_t node) const;
    NodeRecord record(std::size_t node) const;

private:
    struct Member {
        os::Child child;
        bool has_process = false;
        bool is_paused = false;
        std::uint64_t start = 0;
        std::int32_t starts = 0;
        os::ExitStatus exit;
        std::string ending;
    };

    const ClusterPlan& plan_;
    Launch launch_;
    std::vector<Member> members_;
};

}  // namespace glasslog::cli
