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
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace glasslog::metadata {

// Names a request that waits for its answer.
using RequestToken = Strong<struct RequestTokenTag, std::uint64_t>;

inline constexpr std::int64_t producer_id_block_size = 1'000;

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

// A request of the wire without the chance that deciding it needs: enough to refuse it.
template <typename Body>
Request plain_request(Body body) {
    if constexpr (std::is_same_v<Body, protocol::CreateTopicsRequest>) {
        return CreateTopics{std::move(body), {}, 0};
    } else if constexpr (std::is_same_v<Body, protocol::DeleteTopicsRequest>) {
        return DeleteTopics{std::move(body),
                            protocol::Version(protocol::DeleteTopicsRequest::versions.last)};
    } else if constexpr (std::is_same_v<Body, protocol::CreatePartitionsRequest>) {
        return CreatePartitions{std::move(body), 0};
    } else if constexpr (std::is_same_v<Body, protocol::IncrementalAlterConfigsRequest>) {
        return AlterConfigs{std::move(body)};
    } else if constexpr (std::is_same_v<Body, protocol::UpdateFeaturesRequest>) {
        return UpdateFeatures{std::move(body),
                              protocol::Version(protocol::UpdateFeaturesRequest::versions.last)};
    } else {
        return body;
    }
}

// Asked by a user. What it writes is one batch, or it is refused as a whole; what brokers and
// controllers ask is done whatever it takes.
bool is_user_operation(const Request& request);

// The same answer for all that a request asks, by a node that cannot decide it. message: where
// there is room for one; empty: the name of the error.
Response refuse_all(const Request& request,
                    protocol::WireError error,
                    std::string_view message = {});

}  // namespace glasslog::metadata
