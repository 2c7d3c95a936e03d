#pragma once

// What the controller is asked and what it answers. Requests of brokers and clients come as their
// wire messages; where chance, a version or a caller inside this node matters, they are wrapped.

#include "core/base/expected.hpp"
#include "core/base/ids.hpp"
#include "core/base/strong.hpp"
#include "core/base/uuid.hpp"
#include "core/metadata/image.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/messages/allocate_producer_ids.hpp"
#include "core/protocol/messages/alter_partition.hpp"
#include "core/protocol/messages/alter_partition_reassignments.hpp"
#include "core/protocol/messages/assign_replicas_to_dirs.hpp"
#include "core/protocol/messages/broker_heartbeat.hpp"
#include "core/protocol/messages/broker_registration.hpp"
#include "core/protocol/messages/controller_registration.hpp"
#include "core/protocol/messages/create_partitions.hpp"
#include "core/protocol/messages/create_topics.hpp"
#include "core/protocol/messages/delete_topics.hpp"
#include "core/protocol/messages/elect_leaders.hpp"
#include "core/protocol/messages/incremental_alter_configs.hpp"
#include "core/protocol/messages/list_partition_reassignments.hpp"
#include "core/protocol/messages/unregister_broker.hpp"
#include "core/protocol/messages/update_features.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace glasslog::metadata {

// Names a request that waits for its answer.
using RequestToken = Strong<struct RequestTokenTag, std::uint64_t>;

inline constexpr std::int64_t producer_id_block_size = 1'000;

// [first, first + producer_id_block_size)
struct ProducerIdBlock {
    ProducerId first;
};

// What the only broker of a one-node cluster says of itself when it starts.
struct BrokerRegistration {
    NodeId id;
    std::string cluster_id;
    Uuid incarnation_id;  // new at every start
    std::vector<ListenerEndpoint> endpoints;
    std::optional<std::string> rack;
    std::vector<Uuid> log_directories;
};

// `draw`s are the chance in a request: ids of new topics, and where placement begins.
struct CreateTopics {
    protocol::CreateTopicsRequest body;
    std::vector<Uuid> topic_ids;  // one per topic of the body
    std::uint64_t draw = 0;
};

struct DeleteTopics {
    protocol::DeleteTopicsRequest body;
    protocol::Version version;
};

struct CreatePartitions {
    protocol::CreatePartitionsRequest body;
    std::uint64_t draw = 0;
};

struct AlterConfigs {
    protocol::IncrementalAlterConfigsRequest body;
};

// Registers and unfences at once: for a node that is its own controller and sends no heartbeats.
struct RegisterBroker {
    BrokerRegistration registration;
};

struct AllocateProducerIds {
    NodeId broker;
    BrokerEpoch epoch;
};

struct UpdateFeatures {
    protocol::UpdateFeaturesRequest body;
    protocol::Version version;
};

// Somebody knows that this incarnation is gone before its session ends (its process was seen to
// die, its address refuses). Always safe: a broker that lives unfences itself again.
struct FenceBroker {
    NodeId id;
    BrokerEpoch epoch;
};

struct FenceBrokerResponse {
    protocol::WireError error = protocol::WireError::none;
};

using Request = std::variant<CreateTopics,
                             DeleteTopics,
                             CreatePartitions,
                             AlterConfigs,
                             RegisterBroker,
                             AllocateProducerIds,
                             UpdateFeatures,
                             FenceBroker,
                             protocol::BrokerRegistrationRequest,
                             protocol::BrokerHeartbeatRequest,
                             protocol::UnregisterBrokerRequest,
                             protocol::ControllerRegistrationRequest,
                             protocol::AllocateProducerIdsRequest,
                             protocol::AlterPartitionRequest,
                             protocol::AssignReplicasToDirsRequest,
                             protocol::ElectLeadersRequest,
                             protocol::AlterPartitionReassignmentsRequest,
                             protocol::ListPartitionReassignmentsRequest>;

// Answers, in the order of the requests above.
using Response = std::variant<protocol::CreateTopicsResponse,
                              protocol::DeleteTopicsResponse,
                              protocol::CreatePartitionsResponse,
                              protocol::IncrementalAlterConfigsResponse,
                              Expected<BrokerEpoch, protocol::WireError>,
                              Expected<ProducerIdBlock, protocol::WireError>,
                              protocol::UpdateFeaturesResponse,
                              FenceBrokerResponse,
                              protocol::BrokerRegistrationResponse,
                              protocol::BrokerHeartbeatResponse,
                              protocol::UnregisterBrokerResponse,
                              protocol::ControllerRegistrationResponse,
                              protocol::AllocateProducerIdsResponse,
                              protocol::AlterPartitionResponse,
                              protocol::AssignReplicasToDirsResponse,
                              protocol::ElectLeadersResponse,
                              protocol::AlterPartitionReassignmentsResponse,
                              protocol::ListPartitionReassignmentsResponse>;

struct Reply {
    RequestToken token;
    Response response;
};

// The same answer for all that a request asks, by a node that cannot decide it.
Response refuse_all(const Request& request, protocol::WireError error);

}  // namespace glasslog::metadata
