#pragma once

// Whom the clients of a listener can reach, and so which leaders and replicas they are shown. One
// for each answer. Sources: KIP-112 (offline replicas), KIP-226 (listeners).

#include "core/metadata/image.hpp"
#include "core/protocol/errors.hpp"

#include <map>
#include <string>
#include <vector>

namespace glasslog::broker {

// A leader as a client is told of it. id: no_node beside an error.
struct ShownLeader {
    NodeId id = no_node;
    protocol::WireError error = protocol::WireError::none;
};

class Reach {
public:
    // Refers to the image.
    Reach(const metadata::Image& image, const std::string& listener);

    // names_listeners: clients that know LISTENER_NOT_FOUND (Metadata from version 6 on).
    ShownLeader leader(const metadata::PartitionState& state, bool names_listeners) const;

    // Replicas on brokers that are away, fenced or not on this listener, or in lost directories.
    std::vector<NodeId> offline_replicas(const metadata::PartitionState& state) const;

private:
    const metadata::Image& image_;
    std::map<NodeId, const metadata::Broker*> reachable_;
};

}  // namespace glasslog::broker
