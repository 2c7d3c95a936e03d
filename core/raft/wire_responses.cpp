#include "core/raft/log_batches.hpp"
#include "core/raft/metadata_log.hpp"
#include "core/raft/wire.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::raft {

namespace {

template <typename Message>
void add_endpoint(Message& message, const View& view, const WireContext& context) {
    const Endpoint* at = choose_endpoint(view.endpoints, context.listener);
    if (view.leader == no_node || at == nullptr) return;
    message.node_endpoints.emplace_back();
    message.node_endpoints[0].node_id = view.leader;
    message.node_endpoints[0].host = at->host;
    message.node_endpoints[0].port = at->port;
}

// Topic, partition, leader and epoch; and where the leader listens.
template <typename Message>
auto& add_partition(Message& message, const View& view, const WireContext& context) {
    message.topics.emplace_back();
    message.topics[0].topic_name = log_topic;
    message.topics[0].partitions.emplace_back();
    auto& partition = message.topics[0].partitions[0];
    partition.partition_index = log_partition;
    partition.leader_id = view.leader;
    partition.leader_epoch = view.epoch;
    add_endpoint(message, view, context);
    return partition;
}

template <typename Nodes>
std::vector<Endpoint> endpoints_of(const Nodes& nodes, NodeId leader, const WireContext& context) {
    for (const auto& node : nodes) {
        if (node.node_id == leader && node.port >= 0 && node.port <= UINT16_MAX) {
            return {{context.listener, node.host, static_cast<std::uint16_t>(node.port)}};
        }
    }
    return {};
}

template <typename Message>
auto only_partition(const Message& message) -> decltype(&message.topics[0].partitions[0]) {
    const bool is_one = message.topics.size() == 1 && message.topics[0].partitions.size() == 1;
    return is_one ? &message.topics[0].partitions[0] : nullptr;
}

// Error and view of an answer with one topic and one partition, or of one with an error alone.
template <typename Typed, typename Message>
std::optional<Typed> hear_view(const Message& message, const WireContext& context) {
    Typed typed;
    typed.error = message.error_code;
    if (typed.error != WireError::none) return typed;
    const auto* partition = only_partition(message);
    if (partition == nullptr) return std::nullopt;
    typed.error = partition->error_code;
    typed.view.leader = partition->leader_id;
    typed.view.epoch = partition->leader_epoch;
    typed.view.endpoints = endpoints_of(message.node_endpoints, typed.view.leader, context);
    return typed;
}

template <typename Typed>
std::optional<Heard> heard(std::optional<Typed> typed) {
    if (!typed) return std::nullopt;
    return Heard{std::move(*typed)};
}

template <typename Message>
Message voter_answer(const VoterChangeResponse& response) {
    Message message;
    message.error_code = response.error;
    if (response.error != WireError::none) {
        message.error_message = std::string(protocol::name(response.error));
    }
    return message;
}

}  // namespace

// ----------------------------------------------------------------------------------------- Vote

protocol::VoteResponse answer_vote(const VoteResponse& response, const Answering& how) {
    protocol::VoteResponse message;
    auto& partition = add_partition(message, response.view, how.context);
    partition.error_code = response.error;
    partition.vote_granted = response.is_granted;
    return message;
}

std::optional<Heard> hear(const protocol::VoteResponse& response, const WireContext& context) {
    auto typed = hear_view<VoteResponse>(response, context);
    if (typed && response.error_code == WireError::none) {
        typed->is_granted = only_partition(response)->vote_granted;
    }
    return heard(std::move(typed));
}

// ------------------------------------------------------------------- BeginQuorumEpoch and its end

protocol::BeginQuorumEpochResponse answer_begin(const BeginQuorumEpochResponse& response,
                                                const Answering& how) {
    protocol::BeginQuorumEpochResponse message;
    add_partition(message, response.view, how.context).error_code = response.error;
    return message;
}

std::optional<Heard> hear(const protocol::BeginQuorumEpochResponse& response,
                          const WireContext& context) {
    return heard(hear_view<BeginQuorumEpochResponse>(response, context));
}

protocol::EndQuorumEpochResponse answer_end(const EndQuorumEpochResponse& response,
                                            const Answering& how) {
    protocol::EndQuorumEpochResponse message;
    add_partition(message, response.view, how.context).error_code = response.error;
    return message;
}

std::optional<Heard> hear(const protocol::EndQuorumEpochResponse& response,
                          const WireContext& context) {
    return heard(hear_view<EndQuorumEpochResponse>(response, context));
}

// ---------------------------------------------------------------------------------------- Fetch

protocol::FetchResponse answer_fetch(const FetchResponse& response, Answering how) {
    protocol::FetchResponse message;
    message.responses.emplace_back();
    message.responses[0].topic = log_topic;
    message.responses[0].topic_id = metadata_topic_id;
    message.responses[0].partitions.emplace_back();
    auto& partition = message.responses[0].partitions[0];
    partition.partition_index = log_partition;
    partition.error_code = response.error;
    partition.high_watermark = response.high_watermark;
    partition.log_start_offset = response.log_start;
    partition.current_leader = {response.view.leader, response.view.epoch};
    if (response.diverging) {
        partition.diverging_epoch = {response.diverging->epoch, response.diverging->end};
    }
    if (response.snapshot) {
        partition.snapshot_id = {response.snapshot->end, response.snapshot->epoch};
    }
    partition.aborted_transactions.emplace();
    partition.records = std::move(how.bytes);
    add_endpoint(message, response.view, how.context);
    return message;
}

std::optional<Heard> hear(const protocol::FetchResponse& response, const WireContext& context) {
    FetchResponse typed;
    typed.error = response.error_code;
    if (typed.error != WireError::none) return Heard{std::move(typed)};
    if (response.responses.size() != 1 || response.responses[0].partitions.size() != 1) {
        return std::nullopt;
    }
    const auto& partition = response.responses[0].partitions[0];
    typed.error = partition.error_code;
    typed.view.leader = partition.current_leader.leader_id;
    typed.view.epoch = partition.current_leader.leader_epoch;
    typed.view.endpoints = endpoints_of(response.node_endpoints, typed.view.leader, context);
    typed.high_watermark = partition.high_watermark;
    typed.log_start = partition.log_start_offset;
    const auto& diverging = partition.diverging_epoch;
    if (diverging.end_offset != no_offset)
        typed.diverging = {diverging.epoch, diverging.end_offset};
    const auto& snapshot = partition.snapshot_id;
    if (snapshot.end_offset != no_offset) {
        typed.snapshot = SnapshotId{snapshot.end_offset, snapshot.epoch};
    }
    auto described = describe_batches(partition.records.value_or(Payload()).flatten());
    if (!described) return std::nullopt;
    typed.batches = std::move(described->batches);
    return Heard{std::move(typed), std::move(described->bytes)};
}

// Kafka 4.3.1 means SNAPSHOT_NOT_FOUND, fails at writing it, and answers this (golden case 718).
constexpr WireError snapshot_not_found_on_wire = WireError::unknown_server_error;

protocol::FetchSnapshotResponse answer_fetch_snapshot(const FetchSnapshotResponse& response,
                                                      Answering how) {
    protocol::FetchSnapshotResponse message;
    if (response.error == WireError::snapshot_not_found) {
        message.error_code = snapshot_not_found_on_wire;
        return message;
    }
    message.topics.emplace_back();
    message.topics[0].name = log_topic;
    message.topics[0].partitions.emplace_back();
    auto& partition = message.topics[0].partitions[0];
    partition.index = log_partition;
    partition.error_code = response.error;
    partition.snapshot_id = {response.snapshot.end, response.snapshot.epoch};
    partition.current_leader = {response.view.leader, response.view.epoch};
    partition.size = response.size;
    partition.position = response.position;
    partition.unaligned_records = std::move(how.bytes);
    add_endpoint(message, response.view, how.context);
    return message;
}

std::optional<Heard> hear(const protocol::FetchSnapshotResponse& response,
                          const WireContext& context) {
    FetchSnapshotResponse typed;
    typed.error = response.error_code;
    if (typed.error == snapshot_not_found_on_wire) typed.error = WireError::snapshot_not_found;
    if (typed.error != WireError::none) return Heard{std::move(typed)};
    const auto* partition = only_partition(response);
    if (partition == nullptr) return std::nullopt;
    typed.error = partition->error_code;
    typed.view.leader = partition->current_leader.leader_id;
    typed.view.epoch = partition->current_leader.leader_epoch;
    typed.view.endpoints = endpoints_of(response.node_endpoints, typed.view.leader, context);
    typed.snapshot = {partition->snapshot_id.end_offset, partition->snapshot_id.epoch};
    typed.size = partition->size;
    typed.position = partition->position;
    Bytes bytes = partition->unaligned_records.flatten();
    typed.byte_count = static_cast<std::int64_t>(bytes.size());
    return Heard{std::move(typed), {std::move(bytes)}};
}

// --------------------------------------------------------------------------------------- voters

protocol::AddRaftVoterResponse answer_add(const VoterChangeResponse& response) {
    return voter_answer<protocol::AddRaftVoterResponse>(response);
}

protocol::RemoveRaftVoterResponse answer_remove(const VoterChangeResponse& response) {
    return voter_answer<protocol::RemoveRaftVoterResponse>(response);
}

protocol::UpdateRaftVoterResponse answer_update(const VoterChangeResponse& response,
                                                const Answering& how) {
    protocol::UpdateRaftVoterResponse message;
    message.error_code = response.error;
    const Endpoint* at = choose_endpoint(response.view.endpoints, how.context.listener);
    if (response.view.leader == no_node || at == nullptr) return message;
    message.current_leader = {response.view.leader, response.view.epoch, at->host, at->port};
    return message;
}

std::optional<Heard> hear(const protocol::AddRaftVoterResponse& response, const WireContext&) {
    return Heard{VoterChangeResponse{.error = response.error_code, .view = {}}};
}

std::optional<Heard> hear(const protocol::RemoveRaftVoterResponse& response, const WireContext&) {
    return Heard{VoterChangeResponse{.error = response.error_code, .view = {}}};
}

std::optional<Heard> hear(const protocol::UpdateRaftVoterResponse& response,
                          const WireContext& context) {
    VoterChangeResponse typed{.error = response.error_code, .view = {}};
    const auto& leader = response.current_leader;
    if (leader.leader_id != no_node && leader.port >= 0 && leader.port <= UINT16_MAX) {
        typed.view = {leader.leader_epoch,
                      leader.leader_id,
                      {{context.listener, leader.host, static_cast<std::uint16_t>(leader.port)}}};
    }
    return Heard{std::move(typed)};
}

std::optional<Heard> hear(const protocol::ApiVersionsResponse& response, const WireContext&) {
    ProbeResponse typed{.error = response.error_code, .kraft_version = {0, 0}};
    for (const auto& feature : response.supported_features) {
        if (feature.name != "kraft.version") continue;
        typed.kraft_version = {feature.min_version, feature.max_version};
    }
    return Heard{typed};
}

}  // namespace glasslog::raft
