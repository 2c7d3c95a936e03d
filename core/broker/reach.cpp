#include "core/broker/reach.hpp"

#include "core/metadata/directories.hpp"

namespace glasslog::broker {

using protocol::WireError;

Reach::Reach(const metadata::Image& image, const std::string& listener) : image_(image) {
    image.brokers.for_each([&](NodeId id, const metadata::BrokerPtr& broker) {
        if (!broker->is_fenced && broker->find_endpoint(listener) != nullptr)
            reachable_.emplace(id, broker.get());
    });
}

ShownLeader Reach::leader(const metadata::PartitionState& state, bool names_listeners) const {
    if (reachable_.contains(state.leader)) return {state.leader, WireError::none};
    const bool is_known = image_.find_broker(state.leader) != nullptr;
    return {no_node,
            is_known && names_listeners ? WireError::listener_not_found
                                        : WireError::leader_not_available};
}

std::vector<NodeId> Reach::offline_replicas(const metadata::PartitionState& state) const {
    std::vector<NodeId> offline;
    for (std::size_t i = 0; i < state.replicas.size(); ++i) {
        const auto broker = reachable_.find(state.replicas[i]);
        const bool is_online =
            broker != reachable_.end() &&
            (i >= state.directories.size() ||
             metadata::is_directory_online(*broker->second, state.directories[i]));
        if (!is_online) offline.push_back(state.replicas[i]);
    }
    return offline;
}

}  // namespace glasslog::broker
