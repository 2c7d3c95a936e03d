#include "core/raft/metadata_log.hpp"
#include "core/raft/wire.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::raft {

namespace {

bool is_our_cluster(const std::optional<std::string>& named, const WireContext& context) {
    return !named || *named == context.cluster_id;
}

// The one partition that there is, of a request that names exactly it; null otherwise.
template <typename Message>
auto only_partition(const Message& message) -> decltype(&message.topics[0].partitions[0]) {
    if (message.topics.size() != 1 || message.topics[0].partitions.size() != 1) return nullptr;
    if (message.topics[0].topic_name != log_topic) return nullptr;
    const auto& partition = message.topics[0].partitions[0];
    return partition.partition_index == log_partition ? &partition : nullptr;
}

// A message with one topic and in it one partition.
template <typename Message>
auto& add_partition(Message& message) {
    message.topics.emplace_back();
    message.topics[0].topic_name = log_topic;
    message.topics[0].partitions.emplace_back();
    message.topics[0].partitions[0].partition_index = log_partition;
    return message.topics[0].partitions[0];
}

// All of a voter's endpoints; none when the quorum's listener is not among them, where it could be
// reached.
std::vector<Endpoint> reachable(const std::vector<Endpoint>& listeners,
                                const WireContext& context) {
    const bool has_listener =
        std::any_of(listeners.begin(), listeners.end(), [&](const Endpoint& one) {
            return one.name == context.listener;
        });
    return has_listener ? listeners : std::vector<Endpoint>();
}

template <typename Response>
Response refusal(WireError error) {
    Response response;
    response.error_code = error;
    return response;
}

template <typename Response>
Response refused_cluster(const std::string& named, const WireContext& context) {
    auto response = refusal<Response>(WireError::inconsistent_cluster_id);
    response.error_message = fmt::format(R"(The given id "{}" doesn't match the cluster id "{}")",
                                         named,
                                         context.cluster_id);
    return response;
}

}  // namespace

const Endpoint* choose_endpoint(std::span<const Endpoint> endpoints, const std::string& listener) {
    const auto named =
        std::find_if(endpoints.begin(), endpoints.end(), [&](const Endpoint& endpoint) {
            return endpoint.name == listener;
        });
    if (named != endpoints.end()) return &*named;
    return endpoints.empty() ? nullptr : &endpoints.front();
}

// ----------------------------------------------------------------------------------------- Vote

protocol::VoteRequest to_wire(const VoteRequest& request, const WireContext& context) {
    protocol::VoteRequest wire;
    wire.cluster_id = context.cluster_id;
    wire.voter_id = request.voter.id;
    auto& partition = add_partition(wire);
    partition.replica_epoch = request.epoch;
    partition.replica_id = request.candidate.id;
    partition.replica_directory_id = request.candidate.directory;
    partition.voter_directory_id = request.voter.directory;
    partition.last_offset_epoch = request.last_epoch;
    partition.last_offset = request.end;
    partition.pre_vote = request.is_pre_vote;
    return wire;
}

Understood<VoteRequest, protocol::VoteResponse> from_wire(const protocol::VoteRequest& request,
                                                          const WireContext& context) {
    if (!is_our_cluster(request.cluster_id, context)) {
        return refusal<protocol::VoteResponse>(WireError::inconsistent_cluster_id);
    }
    const auto* partition = only_partition(request);
    if (partition == nullptr) return refusal<protocol::VoteResponse>(WireError::invalid_request);
    return VoteRequest{
        .epoch = partition->replica_epoch,
        .candidate = {partition->replica_id, partition->replica_directory_id},
        .voter = {request.voter_id, partition->voter_directory_id},
        .last_epoch = partition->last_offset_epoch,
        .end = partition->last_offset,
        .is_pre_vote = partition->pre_vote,
    };
}

// ------------------------------------------------------------------- BeginQuorumEpoch and its end

protocol::BeginQuorumEpochRequest to_wire(const BeginQuorumEpochRequest& request,
                                          const WireContext& context) {
    protocol::BeginQuorumEpochRequest wire;
    wire.cluster_id = context.cluster_id;
    wire.voter_id = request.voter.id;
    auto& partition = add_partition(wire);
    partition.voter_directory_id = request.voter.directory;
    partition.leader_id = request.view.leader;
    partition.leader_epoch = request.view.epoch;
    wire.leader_endpoints = request.view.endpoints;
    return wire;
}

Understood<BeginQuorumEpochRequest, protocol::BeginQuorumEpochResponse> from_wire(
    const protocol::BeginQuorumEpochRequest& request, const WireContext& context) {
    using Refusal = protocol::BeginQuorumEpochResponse;
    if (!is_our_cluster(request.cluster_id, context)) {
        return refusal<Refusal>(WireError::inconsistent_cluster_id);
    }
    const auto* partition = only_partition(request);
    if (partition == nullptr) return refusal<Refusal>(WireError::invalid_request);
    return BeginQuorumEpochRequest{
        .view = {partition->leader_epoch, partition->leader_id, request.leader_endpoints},
        .voter = {request.voter_id, partition->voter_directory_id},
    };
}

protocol::EndQuorumEpochRequest to_wire(const EndQuorumEpochRequest& request,
                                        const WireContext& context) {
    protocol::EndQuorumEpochRequest wire;
    wire.cluster_id = context.cluster_id;
    auto& partition = add_partition(wire);
    partition.leader_id = request.view.leader;
    partition.leader_epoch = request.view.epoch;
    for (const ReplicaKey& successor : request.successors) {
        partition.preferred_successors.push_back(successor.id);
        partition.preferred_candidates.push_back({successor.id, successor.directory});
    }
    wire.leader_endpoints = request.view.endpoints;
    return wire;
}

Understood<EndQuorumEpochRequest, protocol::EndQuorumEpochResponse> from_wire(
    const protocol::EndQuorumEpochRequest& request, const WireContext& context) {
    using Refusal = protocol::EndQuorumEpochResponse;
    if (!is_our_cluster(request.cluster_id, context)) {
        return refusal<Refusal>(WireError::inconsistent_cluster_id);
    }
    const auto* partition = only_partition(request);
    if (partition == nullptr) return refusal<Refusal>(WireError::invalid_request);
    EndQuorumEpochRequest typed;
    typed.view = {partition->leader_epoch, partition->leader_id, request.leader_endpoints};
    for (const auto& candidate : partition->preferred_candidates)
        typed.successors.push_back({candidate.candidate_id, candidate.candidate_directory_id});
    if (typed.successors.empty()) {
        for (const NodeId node : partition->preferred_successors)
            typed.successors.push_back({node, {}});
    }
    return typed;
}

// ---------------------------------------------------------------------------------------- Fetch

protocol::FetchRequest to_wire(const FetchRequest& request, const WireContext& context) {
    protocol::FetchRequest wire;
    wire.cluster_id = context.cluster_id;
    wire.replica_id = request.replica.id;
    wire.replica_state.replica_id = request.replica.id;
    wire.max_wait_ms = static_cast<std::int32_t>(request.max_wait.milliseconds());
    wire.max_bytes = context.fetch_bytes_max;
    wire.topics.emplace_back();
    wire.topics[0].topic = log_topic;
    wire.topics[0].topic_id = metadata_topic_id;
    wire.topics[0].partitions.emplace_back();
    auto& partition = wire.topics[0].partitions[0];
    partition.partition = log_partition;
    partition.current_leader_epoch = request.epoch;
    partition.fetch_offset = request.offset;
    partition.last_fetched_epoch = request.last_fetched_epoch;
    partition.replica_directory_id = request.replica.directory;
    partition.high_watermark = request.high_watermark;
    return wire;
}

Understood<FetchRequest, protocol::FetchResponse> from_wire(const protocol::FetchRequest& request,
                                                            const WireContext& context) {
    if (!is_our_cluster(request.cluster_id, context)) {
        return refusal<protocol::FetchResponse>(WireError::inconsistent_cluster_id);
    }
    const bool is_one = request.topics.size() == 1 && request.topics[0].partitions.size() == 1;
    // By its id alone, as Kafka's: versions before 13 have none and are refused.
    const bool is_ours = is_one && request.topics[0].topic_id == metadata_topic_id &&
                         request.topics[0].partitions[0].partition == log_partition;
    if (!is_ours) return refusal<protocol::FetchResponse>(WireError::invalid_request);
    const auto& partition = request.topics[0].partitions[0];
    const NodeId replica = request.replica_state.replica_id != no_node
                               ? request.replica_state.replica_id
                               : request.replica_id;
    return FetchRequest{
        .epoch = partition.current_leader_epoch,
        .replica = {replica, partition.replica_directory_id},
        .offset = partition.fetch_offset,
        .last_fetched_epoch = partition.last_fetched_epoch,
        .high_watermark = partition.high_watermark,
        .max_wait = Duration::milliseconds(std::max(request.max_wait_ms, 0)),
    };
}

protocol::FetchSnapshotRequest to_wire(const FetchSnapshotRequest& request,
                                       const WireContext& context) {
    protocol::FetchSnapshotRequest wire;
    wire.cluster_id = context.cluster_id;
    wire.replica_id = request.replica.id;
    wire.max_bytes = context.snapshot_bytes_max;
    wire.topics.emplace_back();
    wire.topics[0].name = log_topic;
    wire.topics[0].partitions.emplace_back();
    auto& partition = wire.topics[0].partitions[0];
    partition.partition = log_partition;
    partition.current_leader_epoch = request.epoch;
    partition.snapshot_id = {request.snapshot.end, request.snapshot.epoch};
    partition.position = request.position;
    partition.replica_directory_id = request.replica.directory;
    return wire;
}

Understood<FetchSnapshotRequest, protocol::FetchSnapshotResponse> from_wire(
    const protocol::FetchSnapshotRequest& request, const WireContext& context) {
    using Refusal = protocol::FetchSnapshotResponse;
    if (!is_our_cluster(request.cluster_id, context)) {
        return refusal<Refusal>(WireError::inconsistent_cluster_id);
    }
    const bool is_one = request.topics.size() == 1 && request.topics[0].partitions.size() == 1;
    if (!is_one) return refusal<Refusal>(WireError::invalid_request);
    const auto& partition = request.topics[0].partitions[0];
    if (request.topics[0].name != log_topic || partition.partition != log_partition) {
        Refusal unknown;
        unknown.topics.emplace_back();
        unknown.topics[0].name = request.topics[0].name;
        unknown.topics[0].partitions.emplace_back();
        unknown.topics[0].partitions[0].index = partition.partition;
        unknown.topics[0].partitions[0].error_code = WireError::unknown_topic_or_partition;
        return unknown;
    }
    return FetchSnapshotRequest{
        .epoch = partition.current_leader_epoch,
        .replica = {request.replica_id, partition.replica_directory_id},
        .snapshot = {partition.snapshot_id.end_offset, partition.snapshot_id.epoch},
        .position = partition.position,
    };
}

// --------------------------------------------------------------------------------------- voters

protocol::AddRaftVoterRequest to_wire(const AddVoterRequest& request, const WireContext& context) {
    protocol::AddRaftVoterRequest wire;
    wire.cluster_id = context.cluster_id;
    wire.timeout_ms = static_cast<std::int32_t>(request.timeout.milliseconds());
    wire.voter_id = request.voter.voter_id;
    wire.voter_directory_id = request.voter.voter_directory_id;
    wire.listeners = request.voter.endpoints;
    wire.ack_when_committed = request.answers_when_committed;
    return wire;
}

Understood<AddVoterRequest, protocol::AddRaftVoterResponse> from_wire(
    const protocol::AddRaftVoterRequest& request, const WireContext& context) {
    if (!is_our_cluster(request.cluster_id, context)) {
        return refused_cluster<protocol::AddRaftVoterResponse>(*request.cluster_id, context);
    }
    AddVoterRequest typed;
    typed.voter.voter_id = request.voter_id;
    typed.voter.voter_directory_id = request.voter_directory_id;
    typed.voter.endpoints = reachable(request.listeners, context);
    typed.timeout = Duration::milliseconds(std::max(request.timeout_ms, 0));
    typed.answers_when_committed = request.ack_when_committed;
    return typed;
}

protocol::RemoveRaftVoterRequest to_wire(const RemoveVoterRequest& request,
                                         const WireContext& context) {
    protocol::RemoveRaftVoterRequest wire;
    wire.cluster_id = context.cluster_id;
    wire.voter_id = request.voter.id;
    wire.voter_directory_id = request.voter.directory;
    return wire;
}

Understood<RemoveVoterRequest, protocol::RemoveRaftVoterResponse> from_wire(
    const protocol::RemoveRaftVoterRequest& request, const WireContext& context) {
    if (!is_our_cluster(request.cluster_id, context)) {
        return refused_cluster<protocol::RemoveRaftVoterResponse>(*request.cluster_id, context);
    }
    return RemoveVoterRequest{.voter = {request.voter_id, request.voter_directory_id}};
}

protocol::UpdateRaftVoterRequest to_wire(const UpdateVoterRequest& request,
                                         const WireContext& context) {
    protocol::UpdateRaftVoterRequest wire;
    wire.cluster_id = context.cluster_id;
    wire.current_leader_epoch = request.epoch;
    wire.voter_id = request.voter.voter_id;
    wire.voter_directory_id = request.voter.voter_directory_id;
    wire.listeners = request.voter.endpoints;
    wire.kraft_version_feature = request.voter.kraft_version_feature;
    return wire;
}

Understood<UpdateVoterRequest, protocol::UpdateRaftVoterResponse> from_wire(
    const protocol::UpdateRaftVoterRequest& request, const WireContext& context) {
    if (!is_our_cluster(request.cluster_id, context)) {
        return refusal<protocol::UpdateRaftVoterResponse>(WireError::inconsistent_cluster_id);
    }
    UpdateVoterRequest typed;
    typed.epoch = request.current_leader_epoch;
    typed.voter.voter_id = request.voter_id;
    typed.voter.voter_directory_id = request.voter_directory_id;
    typed.voter.endpoints = reachable(request.listeners, context);
    typed.voter.kraft_version_feature = request.kraft_version_feature;
    return typed;
}

protocol::ApiVersionsRequest to_wire(const ProbeRequest&, const WireContext&) {
    protocol::ApiVersionsRequest wire;
    wire.client_software_name = "glasslog";
    wire.client_software_version = "0.1";
    return wire;
}

}  // namespace glasslog::raft
