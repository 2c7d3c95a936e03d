#include "core/metadata/elections.hpp"

#include "core/metadata/node_sets.hpp"

namespace glasslog::metadata {

namespace {

// Where a valid leader comes from; nobody when it may not lead.
ElectedFrom validity(const Ballot& ballot, NodeId node) {
    if (node == no_node || !contains(ballot.acceptable, node)) return ElectedFrom::nobody;
    if (contains(ballot.isr, node)) return ElectedFrom::isr;
    const bool counts = ballot.isr.empty() && contains(ballot.eligible, node);
    return counts ? ElectedFrom::eligible : ElectedFrom::nobody;
}

// The first of `nodes` that is valid.
Election first_valid(const Ballot& ballot, const std::vector<NodeId>& nodes) {
    for (const NodeId node : nodes) {
        const ElectedFrom from = validity(ballot, node);
        if (from != ElectedFrom::nobody) return {node, from};
    }
    return {};
}

Election last_known_leader(const Ballot& ballot) {
    if (!ballot.isr.empty() || !ballot.eligible.empty()) return {};
    if (ballot.last_known.size() != 1) return {};
    const NodeId node = ballot.last_known.front();
    if (!contains(ballot.acceptable, node) || !contains(ballot.replicas, node)) return {};
    return {node, ElectedFrom::last_known};
}

Election any_replica(const Ballot& ballot) {
    for (const NodeId node : ballot.replicas) {
        if (contains(ballot.acceptable, node)) return {node, ElectedFrom::any_replica};
    }
    return {};
}

}  // namespace

Election elect(const Ballot& ballot, ElectionKind kind) {
    std::vector<NodeId> order;
    if (kind == ElectionKind::preferred && !ballot.replicas.empty()) {
        order.push_back(ballot.replicas.front());
    }
    // A leader that a reassignment takes away does not stay.
    if (contains(ballot.replicas, ballot.leader)) order.push_back(ballot.leader);
    order.insert(order.end(), ballot.replicas.begin(), ballot.replicas.end());
    if (const Election clean = first_valid(ballot, order); clean.leader != no_node) return clean;
    if (const Election last = last_known_leader(ballot); last.leader != no_node) return last;
    return kind == ElectionKind::unclean ? any_replica(ballot) : Election{};
}

}  // namespace glasslog::metadata
