#include "core/cli/up_status.hpp"

#include "core/base/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace glasslog::cli {
namespace {

NodeState state_of(const NodeFacts& facts) {
    if (facts.pid < 0) return NodeState::down;
    if (facts.is_paused) return NodeState::paused;
    if (facts.is_answering) return NodeState::up;
    return facts.has_answered ? NodeState::silent : NodeState::starting;
}

const client::QuorumView* newest(const std::vector<client::QuorumView>& views) {
    const auto found = std::ranges::max_element(views, {}, &client::QuorumView::epoch);
    return found == views.end() ? nullptr : &*found;
}

bool is_running(NodeState state) {
    return state != NodeState::down && state != NodeState::paused;
}

void add_view(const client::QuorumView& view, NodeRow& row) {
    const client::QuorumReplica* voter = view.find_voter(row.id);
    const client::QuorumReplica* replica = voter != nullptr ? voter : view.find_observer(row.id);
    if (replica == nullptr) return;
    row.log_end = replica->log_end;
    if (!is_running(row.state)) return;
    if (voter == nullptr) {
        row.role = QuorumRole::observer;
    } else {
        row.role = view.leader == row.id ? QuorumRole::leader : QuorumRole::follower;
    }
}

// "-" for what is not known.
template <typename Number>
std::string number_text(Number number) {
    return number.value() < 0 ? "-" : fmt::format("{}", number);
}

std::string pid_text(int pid) {
    return pid < 0 ? "-" : fmt::format("{}", pid);
}

bool is_news(const NodeRow& before, const NodeRow& after) {
    // That nobody leads is said once, not for each that follows nobody.
    const bool is_new_role = before.role != after.role && after.role != QuorumRole::unknown;
    return before.pid != after.pid || before.state != after.state || is_new_role;
}

// A row's predecessor; a node that was never seen is down.
NodeRow row_before(const ClusterRows& before, NodeId id) {
    const auto found = std::ranges::find(before.nodes, id, &NodeRow::id);
    return found == before.nodes.end() ? NodeRow{.id = id} : *found;
}

bool is_quorum_news(const ClusterRows& before, const ClusterRows& after) {
    // Without a leader epochs come and go.
    const bool is_other_term = after.leader != no_node && before.epoch != after.epoch;
    return before.leader != after.leader || is_other_term;
}

Json number_json(std::int64_t value) {
    return value < 0 ? Json() : Json(value);
}

Json node_json(const NodeRow& row) {
    Json json;
    json["node"] = row.id.value();
    json["pid"] = number_json(row.pid);
    json["roles"] = row.roles;
    json["state"] = name(row.state);
    json["quorum"] = row.role == QuorumRole::unknown ? Json() : Json(name(row.role));
    json["log_end"] = number_json(row.log_end.value());
    if (!row.ending.empty()) json["ending"] = row.ending;
    return json;
}

void add_quorum(const ClusterRows& rows, Json& json) {
    json["leader"] = number_json(rows.leader.value());
    json["epoch"] = number_json(rows.epoch.value());
    json["high_watermark"] = number_json(rows.high_watermark.value());
}

std::string line_of(const NodeRow& row) {
    std::string line = fmt::format("node {}: {}", row.id, name(row.state));
    if (row.pid >= 0) line += fmt::format(", pid {}", row.pid);
    if (row.role != QuorumRole::unknown) line += fmt::format(", {}", name(row.role));
    if (row.state == NodeState::down && !row.ending.empty()) line += ", " + row.ending;
    return line;
}

}  // namespace

std::string_view name(NodeState state) {
    switch (state) {
        case NodeState::down:
            return "down";
        case NodeState::starting:
            return "starting";
        case NodeState::up:
            return "up";
        case NodeState::silent:
            return "silent";
        case NodeState::paused:
            return "paused";
    }
    UNREACHABLE();
}

std::string_view name(QuorumRole role) {
    switch (role) {
        case QuorumRole::unknown:
            return "-";
        case QuorumRole::leader:
            return "leader";
        case QuorumRole::follower:
            return "follower";
        case QuorumRole::observer:
            return "observer";
    }
    UNREACHABLE();
}

ClusterRows fold_rows(const ClusterPlan& plan,
                      const std::vector<NodeFacts>& facts,
                      const std::vector<client::QuorumView>& views) {
    CHECK(plan.nodes.size() == facts.size());
    ClusterRows rows;
    const client::QuorumView* view = newest(views);
    for (std::size_t i = 0; i < facts.size(); ++i) {
        const NodePlan& node = plan.nodes[i];
        NodeRow row{.id = node.id,
                    .pid = facts[i].pid,
                    .roles = node.roles(),
                    .state = state_of(facts[i]),
                    .ending = facts[i].ending};
        if (view != nullptr) add_view(*view, row);
        if (row.role == QuorumRole::leader) rows.leader = row.id;
        rows.nodes.push_back(std::move(row));
    }
    if (view == nullptr) return rows;
    rows.epoch = view->epoch;
    rows.high_watermark = view->high_watermark;
    return rows;
}

bool is_ready(const ClusterRows& rows) {
    return rows.leader != no_node && std::ranges::all_of(rows.nodes, [](const NodeRow& row) {
               return row.state == NodeState::up;
           });
}

std::vector<std::string> table(const ClusterRows& rows) {
    std::size_t roles_width = std::string_view("ROLES").size();
    for (const NodeRow& row : rows.nodes)
        roles_width = std::max(roles_width, row.roles.size());
    std::vector<std::string> lines;
    const auto add = [&](const std::array<std::string, 6>& cells) {
        lines.push_back(fmt::format("{:>4}  {:>7}  {:<{}}  {:<8}  {:<8}  {:>8}",
                                    cells[0],
                                    cells[1],
                                    cells[2],
                                    roles_width,
                                    cells[3],
                                    cells[4],
                                    cells[5]));
    };
    add({"NODE", "PID", "ROLES", "STATE", "QUORUM", "LOG END"});
    for (const NodeRow& row : rows.nodes) {
        add({fmt::format("{}", row.id),
             pid_text(row.pid),
             row.roles,
             std::string(name(row.state)),
             std::string(name(row.role)),
             number_text(row.log_end)});
        if (row.state == NodeState::down && !row.ending.empty()) lines.back() += "  " + row.ending;
    }
    lines.push_back(fmt::format("leader {}, epoch {}, high watermark {}",
                                number_text(rows.leader),
                                number_text(rows.epoch),
                                number_text(rows.high_watermark)));
    return lines;
}

std::vector<std::string> news(const ClusterRows& before, const ClusterRows& after) {
    std::vector<std::string> lines;
    for (const NodeRow& row : after.nodes) {
        if (is_news(row_before(before, row.id), row)) lines.push_back(line_of(row));
    }
    if (!is_quorum_news(before, after)) return lines;
    if (after.leader == no_node) {
        lines.push_back("quorum: no leader");
    } else {
        lines.push_back(fmt::format("quorum: node {} leads epoch {}", after.leader, after.epoch));
    }
    return lines;
}

std::vector<Json> news_objects(const ClusterRows& before, const ClusterRows& after) {
    std::vector<Json> objects;
    for (const NodeRow& row : after.nodes) {
        if (!is_news(row_before(before, row.id), row)) continue;
        Json json;
        json["event"] = "node";
        json.update(node_json(row));
        objects.push_back(std::move(json));
    }
    if (!is_quorum_news(before, after)) return objects;
    Json json;
    json["event"] = "quorum";
    add_quorum(after, json);
    objects.push_back(std::move(json));
    return objects;
}

Json json_of(const ClusterRows& rows) {
    Json json;
    json["nodes"] = Json::array();
    for (const NodeRow& row : rows.nodes)
        json["nodes"].push_back(node_json(row));
    add_quorum(rows, json);
    return json;
}

}  // namespace glasslog::cli
