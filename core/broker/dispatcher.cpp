#include "core/broker/dispatcher.hpp"

#include "core/broker/handlers/forward.hpp"
#include "core/broker/handlers/handlers.hpp"
#include "core/broker/reactor.hpp"
#include "core/trace/log.hpp"

#include <array>
#include <utility>

namespace glasslog::broker {
namespace {

using protocol::ApiKey;

void refuse(Reactor& reactor,
            const rpc::ConnectionFacts& from,
            rpc::Request request,
            const std::string& why) {
    trace::log(reactor.runtime().trace,
               trace::LogLevel::info,
               "broker",
               fmt::format("closing the connection of {}: {} {}: {}",
                           from.peer.text(),
                           protocol::api_name(request.header.request_api_key),
                           request.header.request_api_version,
                           why));
    request.responder.close_connection();
}

template <typename Body, void (*handler)(Reactor&, Call<Body>)>
void decode_and_call(Reactor& reactor, const rpc::ConnectionFacts& from, rpc::Request request) {
    const protocol::Version version = request.header.request_api_version;
    auto body = protocol::decode<Body>(request.body, version);
    if (!body) return refuse(reactor, from, std::move(request), body.error().text());
    handler(reactor,
            Call<Body>{.body = std::move(*body),
                       .version = version,
                       .client_id = request.header.client_id.value_or(""),
                       .listener = from.listener,
                       .event = request.event,
                       .responder = std::move(request.responder)});
}

template <typename Body, typename Response>
void decode_and_forward(Reactor& reactor, const rpc::ConnectionFacts& from, rpc::Request request) {
    decode_and_call<Body, forward_to_controller<Response, Body>>(reactor, from, std::move(request));
}

struct Route {
    ApiKey key;
    void (*call)(Reactor&, const rpc::ConnectionFacts&, rpc::Request);
};

// Sorted by key.
constexpr std::array routes{
    Route{ApiKey::produce, decode_and_call<protocol::ProduceRequest, handle_produce>},
    Route{ApiKey::fetch, decode_and_call<protocol::FetchRequest, handle_fetch>},
    Route{ApiKey::list_offsets, decode_and_call<protocol::ListOffsetsRequest, handle_list_offsets>},
    Route{ApiKey::metadata, decode_and_call<protocol::MetadataRequest, handle_metadata>},
    Route{ApiKey::api_versions, decode_and_call<protocol::ApiVersionsRequest, handle_api_versions>},
    Route{ApiKey::create_topics,
          decode_and_forward<protocol::CreateTopicsRequest, protocol::CreateTopicsResponse>},
    Route{ApiKey::delete_topics,
          decode_and_call<protocol::DeleteTopicsRequest, handle_delete_topics>},
    Route{ApiKey::delete_records,
          decode_and_call<protocol::DeleteRecordsRequest, handle_delete_records>},
    Route{ApiKey::init_producer_id,
          decode_and_call<protocol::InitProducerIdRequest, handle_init_producer_id>},
    Route{ApiKey::offset_for_leader_epoch,
          decode_and_call<protocol::OffsetForLeaderEpochRequest, handle_offset_for_leader_epoch>},
    Route{ApiKey::describe_configs,
          decode_and_call<protocol::DescribeConfigsRequest, handle_describe_configs>},
    Route{ApiKey::describe_log_dirs,
          decode_and_call<protocol::DescribeLogDirsRequest, handle_describe_log_dirs>},
    Route{
        ApiKey::create_partitions,
        decode_and_forward<protocol::CreatePartitionsRequest, protocol::CreatePartitionsResponse>},
    Route{ApiKey::elect_leaders,
          decode_and_forward<protocol::ElectLeadersRequest, protocol::ElectLeadersResponse>},
    Route{ApiKey::incremental_alter_configs,
          decode_and_call<protocol::IncrementalAlterConfigsRequest, handle_alter_configs>},
    Route{ApiKey::alter_partition_reassignments,
          decode_and_forward<protocol::AlterPartitionReassignmentsRequest,
                             protocol::AlterPartitionReassignmentsResponse>},
    Route{ApiKey::list_partition_reassignments,
          decode_and_forward<protocol::ListPartitionReassignmentsRequest,
                             protocol::ListPartitionReassignmentsResponse>},
    Route{ApiKey::describe_quorum,
          decode_and_forward<protocol::DescribeQuorumRequest, protocol::DescribeQuorumResponse>},
    Route{ApiKey::update_features,
          decode_and_forward<protocol::UpdateFeaturesRequest, protocol::UpdateFeaturesResponse>},
    Route{ApiKey::describe_cluster,
          decode_and_call<protocol::DescribeClusterRequest, handle_describe_cluster>},
    Route{
        ApiKey::unregister_broker,
        decode_and_forward<protocol::UnregisterBrokerRequest, protocol::UnregisterBrokerResponse>},
    Route{ApiKey::describe_topic_partitions,
          decode_and_call<protocol::DescribeTopicPartitionsRequest,
                          handle_describe_topic_partitions>},
    Route{ApiKey::add_raft_voter,
          decode_and_forward<protocol::AddRaftVoterRequest, protocol::AddRaftVoterResponse>},
    Route{ApiKey::remove_raft_voter,
          decode_and_forward<protocol::RemoveRaftVoterRequest, protocol::RemoveRaftVoterResponse>},
};

bool is_served(ApiKey key, protocol::Version version) {
    const protocol::Api* api = protocol::find_api(key);
    return api != nullptr && api->served_on.broker && api->versions.contains(version) &&
           api->advertised.contains(version);
}

}  // namespace

void dispatch(Reactor& reactor, const rpc::ConnectionFacts& from, rpc::Request request) {
    const ApiKey key = request.header.request_api_key;
    if (!is_served(key, request.header.request_api_version)) {
        if (key != ApiKey::api_versions)
            return refuse(reactor, from, std::move(request), "not spoken");
        request.responder.respond(
            protocol::encode(unsupported_api_versions(), protocol::Version(0)));
        return;
    }
    for (const Route& route : routes) {
        if (route.key == key) return route.call(reactor, from, std::move(request));
    }
    UNREACHABLE("{} is served and has no handler", protocol::api_name(key));
}

}  // namespace glasslog::broker
