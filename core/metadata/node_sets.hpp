#pragma once

// Small lists of node ids, in which order matters and nothing stands twice.

#include "core/base/ids.hpp"

#include <algorithm>
#include <vector>

namespace glasslog::metadata {

inline bool contains(const std::vector<NodeId>& nodes, NodeId node) {
    return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

inline bool contains_all(const std::vector<NodeId>& nodes, const std::vector<NodeId>& wanted) {
    return std::all_of(wanted.begin(), wanted.end(), [&](NodeId node) {
        return contains(nodes, node);
    });
}

// In the order of `nodes`.
inline std::vector<NodeId> without(std::vector<NodeId> nodes, const std::vector<NodeId>& gone) {
    std::erase_if(nodes, [&](NodeId node) { return contains(gone, node); });
    return nodes;
}

inline bool has_repeats(std::vector<NodeId> nodes) {
    std::sort(nodes.begin(), nodes.end());
    return std::adjacent_find(nodes.begin(), nodes.end()) != nodes.end();
}

}  // namespace glasslog::metadata
