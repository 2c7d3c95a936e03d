#pragma once

// How a broker of these tests joins: what it says of itself, and the heartbeat that unfences it.

#include "core/metadata/image.hpp"
#include "core/protocol/messages/broker_heartbeat.hpp"
#include "core/protocol/messages/broker_registration.hpp"

#include <cstdint>
#include <utility>
#include <vector>

namespace glasslog::metadata::test {

// previous: the epoch before a clean shutdown; -1 for none.
inline protocol::BrokerRegistrationRequest registration_of(NodeId id,
                                                           std::uint64_t incarnation,
                                                           std::vector<Uuid> directories,
                                                           BrokerEpoch previous = BrokerEpoch(-1)) {
    protocol::BrokerRegistrationRequest request;
    request.broker_id = id;
    request.cluster_id = "cluster";
    request.incarnation_id = {7, incarnation};
    request.listeners.push_back({"PLAINTEXT", "localhost", 9092, 0});
    request.features = {{"eligible.leader.replicas.version", 0, 1},
                        {"kraft.version", 0, 1},
                        {"metadata.version", 7, 30}};
    request.log_dirs = std::move(directories);
    request.previous_broker_epoch = previous;
    return request;
}

// It has read the metadata log up to `offset`.
inline protocol::BrokerHeartbeatRequest heartbeat_of(NodeId id, BrokerEpoch epoch, Offset offset) {
    protocol::BrokerHeartbeatRequest request;
    request.broker_id = id;
    request.broker_epoch = epoch;
    request.current_metadata_offset = offset;
    return request;
}

}  // namespace glasslog::metadata::test
