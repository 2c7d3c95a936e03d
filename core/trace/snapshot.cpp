#include "core/trace/snapshot.hpp"

#include "core/base/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <tuple>

namespace glasslog::trace {

namespace {

// "1,2,3"
std::vector<NodeId> ids_in(std::string_view text) {
    std::vector<NodeId> ids;
    while (!text.empty()) {
        std::int32_t id = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
        if (error != std::errc()) break;
        ids.emplace_back(id);
        text.remove_prefix(std::min(text.size(), std::size_t(end - text.data()) + 1));
    }
    return ids;
}

}  // namespace

const char* name(NodeState state) {
    switch (state) {
        case NodeState::unknown:
            return "unknown";
        case NodeState::up:
            return "up";
        case NodeState::paused:
            return "paused";
        case NodeState::crashed:
            return "crashed";
        case NodeState::lost_power:
            return "lost power";
        case NodeState::stopped:
            return "stopped";
    }
    UNREACHABLE();
}

const char* name(LogState state) {
    switch (state) {
        case LogState::open:
            return "open";
        case LogState::recovering:
            return "recovering";
        case LogState::closed:
            return "closed";
        case LogState::uncertain:
            return "uncertain";
    }
    UNREACHABLE();
}

std::string PartitionName::text() const {
    return fmt::format("{}-{}", topic, partition);
}

std::string Snapshot::node_name(NodeId id) const {
    if (id == no_node) return "world";
    const auto found = nodes->find(id);
    const bool is_named = found != nodes->end() && !found->second->name.empty();
    return is_named ? found->second->name : fmt::format("node {}", id);
}

std::vector<NodeId> Snapshot::voters() const {
    const NodePicture* best = nullptr;
    const auto rank = [](const NodePicture& node) {
        const bool leads = node.quorum.role == "leader";
        return std::tuple(leads, leads ? node.quorum.epoch : LeaderEpoch(), node.voters_offset);
    };
    for (const auto& [id, node] : *nodes) {
        if (node->voters.empty()) continue;
        if (best == nullptr || rank(*best) < rank(*node)) best = &*node;
    }
    return best == nullptr ? std::vector<NodeId>() : ids_in(best->voters);
}

bool operator==(const Snapshot& a, const Snapshot& b) {
    return a.time == b.time && a.last == b.last && a.event_count == b.event_count &&
           a.overflow_count == b.overflow_count && a.nodes == b.nodes && a.replicas == b.replicas &&
           a.clients == b.clients && a.connections == b.connections && a.requests == b.requests &&
           a.in_flight == b.in_flight && a.dropped == b.dropped && a.links == b.links &&
           a.story == b.story;
}

}  // namespace glasslog::trace
