#include "tests/core/client/fake_controller.hpp"

#include <utility>

namespace glasslog::client {
namespace {

using protocol::ApiKey;
using protocol::WireError;

template <typename Response>
void answer(rpc::Request& request, const Response& response) {
    request.responder.respond(protocol::encode(response, request.header.request_api_version));
}

template <typename Request>
Request body_of(const rpc::Request& request) {
    return protocol::decode<Request>(request.body, request.header.request_api_version).value();
}

}  // namespace

Uuid fake_directory(NodeId id) {
    return {.high = 0x4000, .low = static_cast<std::uint64_t>(id.value())};
}

void FakeController::handle(const rpc::ConnectionFacts&, rpc::Request request) {
    if (request.header.request_api_key == ApiKey::api_versions) {
        protocol::ApiVersionsResponse response;
        for (const protocol::Api& api : protocol::apis())
            response.api_keys.push_back({api.key, api.versions.first, api.versions.last});
        return answer(request, response);
    }
    ++request_count;
    if (is_silent) return unanswered.push_back(std::move(request));
    switch (request.header.request_api_key) {
        case ApiKey::describe_quorum:
            return describe_quorum(request);
        case ApiKey::describe_cluster:
            return describe_cluster(request);
        case ApiKey::add_raft_voter:
            return add_voter(request);
        case ApiKey::remove_raft_voter:
            return remove_voter(request);
        default:
            return request.responder.close_connection();
    }
}

void FakeController::describe_quorum(rpc::Request& request) const {
    protocol::DescribeQuorumResponse response;
    protocol::DescribeQuorumResponse::Partition partition;
    if (id_ != quorum_.leader) {
        partition.error_code = WireError::not_leader_or_follower;
    } else {
        partition.leader_id = quorum_.leader;
        partition.leader_epoch = quorum_.epoch;
        partition.high_watermark = quorum_.high_watermark;
        for (const auto& [id, endpoint] : quorum_.voters) {
            partition.current_voters.push_back({.replica_id = id,
                                                .replica_directory_id = fake_directory(id),
                                                .log_end_offset = quorum_.high_watermark,
                                                .last_fetch_timestamp = 1000,
                                                .last_caught_up_timestamp = 1000});
            response.nodes.push_back(
                {.node_id = id,
                 .listeners = {
                     {.name = "CONTROLLER", .host = endpoint.host, .port = endpoint.port}}});
        }
    }
    response.topics.push_back(
        {.topic_name = "__cluster_metadata", .partitions = {std::move(partition)}});
    answer(request, response);
}

void FakeController::describe_cluster(rpc::Request& request) const {
    protocol::DescribeClusterResponse response;
    response.endpoint_type = 2;
    response.cluster_id = quorum_.cluster_id;
    response.controller_id = quorum_.leader;
    for (const auto& [id, endpoint] : quorum_.voters)
        response.brokers.push_back({.broker_id = id, .host = endpoint.host, .port = endpoint.port});
    answer(request, response);
}

WireError FakeController::error_of_change() {
    if (id_ != quorum_.leader) return WireError::not_leader_or_follower;
    if (quorum_.refusals_left == 0) return WireError::none;
    if (quorum_.refusals_left > 0) --quorum_.refusals_left;
    return quorum_.change_error;
}

void FakeController::add_voter(rpc::Request& request) {
    protocol::AddRaftVoterResponse response;
    response.error_code = error_of_change();
    if (response.error_code != WireError::none) response.error_message = quorum_.change_message;
    if (response.error_code == WireError::none)
        quorum_.added.push_back(body_of<protocol::AddRaftVoterRequest>(request));
    answer(request, response);
}

void FakeController::remove_voter(rpc::Request& request) {
    protocol::RemoveRaftVoterResponse response;
    response.error_code = error_of_change();
    if (response.error_code != WireError::none) response.error_message = quorum_.change_message;
    if (response.error_code == WireError::none)
        quorum_.removed.push_back(body_of<protocol::RemoveRaftVoterRequest>(request));
    answer(request, response);
}

}  // namespace glasslog::client
