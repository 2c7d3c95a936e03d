#pragma once

// The files of a cluster's directory: made before the nodes start, and kept while they run.
//
//   DIR/lock      held by the running `up`
//   DIR/control   a named pipe: "restart 2\n" from another terminal
//   DIR/up.json   the processes: who they are, when they began, how they are

#include "core/cli/up_plan.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace glasslog::cli {

inline std::string lock_path(const std::string& directory) {
    return directory + "/lock";
}

inline std::string control_path(const std::string& directory) {
    return directory + "/control";
}

// --- before the nodes start

struct PreparedCluster {
    ClusterPlan plan;
    std::string cluster_id;
    std::vector<NodeId> replaced;  // formatted anew, without what they knew
};

// Without "..", and without '/' at its end.
std::string absolute_path(const std::string& path);

// With missing parents.
Expected<void, InputError> make_usable(const std::string& directory);

// Why the cluster cannot run on this machine.
using PlanCheck = Expected<void, InputError> (*)(const ClusterPlan& plan);

// Makes, once `check` says yes, what is missing of the cluster that is wished: server.properties
// and a formatted data directory for each node; a cluster that exists keeps what it has. Under the
// lock. A directory that has lost its meta.properties is formatted with another id: the quorum must
// not take it for the voter that it was.
Expected<PreparedCluster, InputError> prepare(const PlanWish& wish, PlanCheck check);

// The plan of a cluster that was prepared once. where: "--data", for errors.
Expected<ClusterPlan, InputError> read_cluster(const std::string& directory);

// --- while they run

// A process and when it began, so that a later owner of its pid is not taken for it.
struct ProcessRecord {
    int pid = -1;
    std::uint64_t start = 0;

    friend bool operator==(const ProcessRecord&, const ProcessRecord&) = default;
};

struct NodeRecord {
    NodeId id = no_node;
    ProcessRecord process;
    std::int32_t starts = 0;  // how often it was started by this `up`
    std::string state;        // as in up_status.hpp
    std::string ending;

    friend bool operator==(const NodeRecord&, const NodeRecord&) = default;
};

struct UpRecord {
    ProcessRecord up;
    std::vector<NodeRecord> nodes;

    const NodeRecord* find(NodeId id) const;

    friend bool operator==(const UpRecord&, const UpRecord&) = default;
};

std::string record_text(const UpRecord& record);

// Empty: not what record_text() writes.
std::optional<UpRecord> parse_record(std::string_view text);

Expected<void, IoError> save_record(const std::string& directory, const UpRecord& record);

// Empty: no `up` has run there.
std::optional<UpRecord> load_record(const std::string& directory);

// Of this process.
ProcessRecord own_process();

bool is_alive(const ProcessRecord& process);

// The last line of a node's log; empty when there is none.
std::string last_line(const std::string& log_file);

}  // namespace glasslog::cli
