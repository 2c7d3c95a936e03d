#pragma once

// What is known of a cluster's nodes, folded to one row each, and its text. Values only.

#include "core/cli/json.hpp"
#include "core/cli/up_plan.hpp"
#include "core/client/quorum.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace glasslog::cli {

// The process of a node, and whether it answers ApiVersions on all of its listeners.
struct NodeFacts {
    int pid = -1;  // -1: no process
    bool is_paused = false;
    bool has_answered = false;  // since this process began
    bool is_answering = false;
    std::string ending;  // of the last process: "exited with 1: the last line of its log"
    std::int32_t starts = 0;
    bool has_ended_well = true;  // the last process that ended
    int signal = 0;              // that ended it
};

// starting: has not answered yet. silent: did, and does not now.
enum class NodeState : std::uint8_t { down, starting, up, silent, paused };
// unknown: no voter nor observer, or nobody said.
enum class QuorumRole : std::uint8_t { unknown, leader, follower, observer };

std::string_view name(NodeState state);
std::string_view name(QuorumRole role);

struct NodeRow {
    NodeId id = no_node;
    int pid = -1;
    std::string roles;
    NodeState state = NodeState::down;
    QuorumRole role = QuorumRole::unknown;
    Offset log_end = no_offset;
    std::string ending;

    friend bool operator==(const NodeRow&, const NodeRow&) = default;
};

struct ClusterRows {
    std::vector<NodeRow> nodes;
    NodeId leader = no_node;  // -1: nobody says that it leads
    LeaderEpoch epoch = no_leader_epoch;
    Offset high_watermark = no_offset;

    friend bool operator==(const ClusterRows&, const ClusterRows&) = default;
};

// facts: one for each node of the plan, in its order. views: what controllers said last; of two
// that both lead the one of the later epoch is right. A node that is down or paused is nobody's
// leader or follower: the view may be older than that.
ClusterRows fold_rows(const ClusterPlan& plan,
                      const std::vector<NodeFacts>& facts,
                      const std::vector<client::QuorumView>& views);

// Every node answers and one leads.
bool is_ready(const ClusterRows& rows);

// A table with its head, without ends of lines.
std::vector<std::string> table(const ClusterRows& rows);

// What a person would want to hear between two looks: one line for each node whose process, state
// or role changed and one for another leader. Growing offsets are no news.
std::vector<std::string> news(const ClusterRows& before, const ClusterRows& after);

// The same as one object each: {"event": "node", …}, {"event": "quorum", …}.
std::vector<Json> news_objects(const ClusterRows& before, const ClusterRows& after);

// The whole, for --status --json.
Json json_of(const ClusterRows& rows);

}  // namespace glasslog::cli
