#include "core/broker/controller_apis.hpp"

#include "core/broker/handlers/handlers.hpp"
#include "core/protocol/codec.hpp"
#include "core/protocol/frame.hpp"

#include <array>

namespace glasslog::broker {

namespace {

using protocol::ApiKey;
using protocol::WireError;

// Bytes in, bytes out, around a typed handler. False: the bytes are broken.
template <typename Body, typename Response>
bool call(ControllerApis& apis,
          const std::string& listener,
          protocol::Version version,
          const Bytes& bytes,
          ControllerApis::Done done) {
    auto body = protocol::decode<Body>(bytes, version);
    if (!body) return false;
    auto answer = [version, done = std::move(done)](const Response& response) mutable {
        done(protocol::encode(response, version));
    };
    if constexpr (std::is_same_v<Body, protocol::EnvelopeRequest>) {
        apis.handle(*body, std::move(answer));
    } else if constexpr (std::is_same_v<Body, protocol::DescribeClusterRequest>) {
        apis.handle(*body, listener, std::move(answer));
    } else if constexpr (std::is_same_v<Body, protocol::ApiVersionsRequest>) {
        apis.handle(*body, version, std::move(answer));
    } else {
        apis.handle<Response>(std::move(*body), version, std::move(answer));
    }
    return true;
}

struct Route {
    ApiKey key;
    bool is_forwarded;  // from a broker, for a client
    bool (*call)(ControllerApis&,
                 const std::string& listener,
                 protocol::Version,
                 const Bytes&,
                 ControllerApis::Done);
};

// Sorted by key.
constexpr std::array routes{
    Route{ApiKey::fetch, false, call<protocol::FetchRequest, protocol::FetchResponse>},
    Route{ApiKey::api_versions,
          false,
          call<protocol::ApiVersionsRequest, protocol::ApiVersionsResponse>},
    Route{ApiKey::create_topics,
          true,
          call<protocol::CreateTopicsRequest, protocol::CreateTopicsResponse>},
    Route{ApiKey::delete_topics,
          true,
          call<protocol::DeleteTopicsRequest, protocol::DeleteTopicsResponse>},
    Route{ApiKey::create_partitions,
          true,
          call<protocol::CreatePartitionsRequest, protocol::CreatePartitionsResponse>},
    Route{ApiKey::elect_leaders,
          true,
          call<protocol::ElectLeadersRequest, protocol::ElectLeadersResponse>},
    Route{
        ApiKey::incremental_alter_configs,
        true,
        call<protocol::IncrementalAlterConfigsRequest, protocol::IncrementalAlterConfigsResponse>},
    Route{ApiKey::alter_partition_reassignments,
          true,
          call<protocol::AlterPartitionReassignmentsRequest,
               protocol::AlterPartitionReassignmentsResponse>},
    Route{ApiKey::list_partition_reassignments,
          true,
          call<protocol::ListPartitionReassignmentsRequest,
               protocol::ListPartitionReassignmentsResponse>},
    Route{ApiKey::vote, false, call<protocol::VoteRequest, protocol::VoteResponse>},
    Route{ApiKey::begin_quorum_epoch,
          false,
          call<protocol::BeginQuorumEpochRequest, protocol::BeginQuorumEpochResponse>},
    Route{ApiKey::end_quorum_epoch,
          false,
          call<protocol::EndQuorumEpochRequest, protocol::EndQuorumEpochResponse>},
    Route{ApiKey::describe_quorum,
          true,
          call<protocol::DescribeQuorumRequest, protocol::DescribeQuorumResponse>},
    Route{ApiKey::alter_partition,
          false,
          call<protocol::AlterPartitionRequest, protocol::AlterPartitionResponse>},
    Route{ApiKey::update_features,
          true,
          call<protocol::UpdateFeaturesRequest, protocol::UpdateFeaturesResponse>},
    Route{ApiKey::envelope, false, call<protocol::EnvelopeRequest, protocol::EnvelopeResponse>},
    Route{ApiKey::fetch_snapshot,
          false,
          call<protocol::FetchSnapshotRequest, protocol::FetchSnapshotResponse>},
    Route{ApiKey::describe_cluster,
          false,
          call<protocol::DescribeClusterRequest, protocol::DescribeClusterResponse>},
    Route{ApiKey::broker_registration,
          false,
          call<protocol::BrokerRegistrationRequest, protocol::BrokerRegistrationResponse>},
    Route{ApiKey::broker_heartbeat,
          false,
          call<protocol::BrokerHeartbeatRequest, protocol::BrokerHeartbeatResponse>},
    Route{ApiKey::unregister_broker,
          true,
          call<protocol::UnregisterBrokerRequest, protocol::UnregisterBrokerResponse>},
    Route{ApiKey::allocate_producer_ids,
          false,
          call<protocol::AllocateProducerIdsRequest, protocol::AllocateProducerIdsResponse>},
    Route{ApiKey::controller_registration,
          false,
          call<protocol::ControllerRegistrationRequest, protocol::ControllerRegistrationResponse>},
    Route{ApiKey::assign_replicas_to_dirs,
          false,
          call<protocol::AssignReplicasToDirsRequest, protocol::AssignReplicasToDirsResponse>},
    Route{ApiKey::add_raft_voter,
          true,
          call<protocol::AddRaftVoterRequest, protocol::AddRaftVoterResponse>},
    Route{ApiKey::remove_raft_voter,
          true,
          call<protocol::RemoveRaftVoterRequest, protocol::RemoveRaftVoterResponse>},
    Route{ApiKey::update_raft_voter,
          false,
          call<protocol::UpdateRaftVoterRequest, protocol::UpdateRaftVoterResponse>},
};

// Null when the API, or this version of it, is not served on a controller's listener.
const Route* find_route(ApiKey key, protocol::Version version) {
    const protocol::Api* api = protocol::find_api(key);
    const bool is_served = api != nullptr && api->served_on.controller &&
                           api->versions.contains(version) && api->advertised.contains(version);
    if (!is_served) return nullptr;
    for (const Route& route : routes) {
        if (route.key == key) return &route;
    }
    return nullptr;
}

}  // namespace

ControllerApis::ControllerApis(metadata::Service& service,
                               const Config& config,
                               std::string cluster_id)
    : service_(service), config_(config), cluster_id_(std::move(cluster_id)) {}

bool ControllerApis::serve(const std::string& listener,
                           ApiKey key,
                           protocol::Version version,
                           const Bytes& body,
                           Done done) {
    const Route* route = find_route(key, version);
    if (route != nullptr) return route->call(*this, listener, version, body, std::move(done));
    if (key != ApiKey::api_versions) return false;
    done(protocol::encode(unsupported_api_versions(), protocol::Version(0)));
    return true;
}

bool ControllerApis::serve_forwarded(ApiKey key,
                                     protocol::Version version,
                                     const Bytes& body,
                                     Done done) {
    const Route* route = find_route(key, version);
    if (route == nullptr || !route->is_forwarded) return false;
    return route->call(*this, config_.quorum.listener_name, version, body, std::move(done));
}

void ControllerApis::handle(const protocol::EnvelopeRequest& request,
                            metadata::Answer<protocol::EnvelopeResponse> done) {
    const auto refuse = [&](WireError error) {
        protocol::EnvelopeResponse response;
        response.error_code = error;
        done(std::move(response));
    };
    if (!service_.is_active()) return refuse(WireError::not_controller);
    const auto frame = protocol::decode_request_frame(request.request_data);
    if (!frame) return refuse(WireError::invalid_request);
    const ApiKey key = frame->header.request_api_key;
    const protocol::Version version = frame->header.request_api_version;
    const protocol::ResponseTo to{key, version, frame->header.correlation_id};
    // A copy in case the bytes are broken and the envelope must be answered after all.
    auto shared = std::make_shared<metadata::Answer<protocol::EnvelopeResponse>>(std::move(done));
    const bool is_taken = serve_forwarded(key, version, frame->body, [to, shared](Payload body) {
        const Bytes whole = protocol::encode_response_frame(to, std::move(body)).flatten();
        protocol::EnvelopeResponse response;
        response.response_data = Bytes::copy_of(whole.view().subspan(protocol::length_prefix_size));
        (*shared)(std::move(response));
    });
    if (is_taken) return;
    protocol::EnvelopeResponse response;
    response.error_code = WireError::invalid_request;
    (*shared)(std::move(response));
}

void ControllerApis::handle(const protocol::ApiVersionsRequest& request,
                            protocol::Version version,
                            metadata::Answer<protocol::ApiVersionsResponse> done) {
    done(describe_apis(request, version, *service_.image(), protocol::ListenerKind::controller));
}

// Where they listen under the name of the listener that was asked: the controllers that
// registered, whether they vote or not, or, before the first one did, the voters of the quorum.
void ControllerApis::add_controllers(const std::string& listener,
                                     protocol::DescribeClusterResponse& response) const {
    const auto add = [&](NodeId id, const auto& endpoints) {
        for (const auto& endpoint : endpoints) {
            if (endpoint.name != listener) continue;
            response.brokers.push_back({id, endpoint.host, endpoint.port, std::nullopt, false});
        }
    };
    const metadata::ImagePtr image = service_.image();
    for (const auto& [id, controller] : image->controllers)
        add(id, controller.endpoints);
    if (!image->controllers.empty()) return;
    for (const raft::Voter& voter : service_.log().state().voters().all())
        add(voter.voter_id, voter.endpoints);
}

void ControllerApis::handle(const protocol::DescribeClusterRequest& request,
                            const std::string& listener,
                            metadata::Answer<protocol::DescribeClusterResponse> done) {
    protocol::DescribeClusterResponse response;
    response.endpoint_type = 2;
    if (request.endpoint_type != 2) {
        const bool is_known = request.endpoint_type == 1;
        response.error_code =
            is_known ? WireError::mismatched_endpoint_type : WireError::unsupported_endpoint_type;
        response.error_message = "this listener is a controller's";
        return done(std::move(response));
    }
    response.cluster_id = cluster_id_;
    response.controller_id = service_.log().state().leader;
    add_controllers(listener, response);
    done(std::move(response));
}

}  // namespace glasslog::broker
