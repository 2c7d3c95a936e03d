#pragma once

// All messages of core/protocol as lists of types.

#include "core/protocol/codec.hpp"
#include "core/protocol/messages/add_raft_voter.hpp"
#include "core/protocol/messages/allocate_producer_ids.hpp"
#include "core/protocol/messages/alter_partition.hpp"
#include "core/protocol/messages/alter_partition_reassignments.hpp"
#include "core/protocol/messages/api_versions.hpp"
#include "core/protocol/messages/assign_replicas_to_dirs.hpp"
#include "core/protocol/messages/begin_quorum_epoch.hpp"
#include "core/protocol/messages/broker_heartbeat.hpp"
#include "core/protocol/messages/broker_registration.hpp"
#include "core/protocol/messages/control_records.hpp"
#include "core/protocol/messages/controller_registration.hpp"
#include "core/protocol/messages/create_partitions.hpp"
#include "core/protocol/messages/create_topics.hpp"
#include "core/protocol/messages/delete_records.hpp"
#include "core/protocol/messages/delete_topics.hpp"
#include "core/protocol/messages/describe_cluster.hpp"
#include "core/protocol/messages/describe_configs.hpp"
#include "core/protocol/messages/describe_log_dirs.hpp"
#include "core/protocol/messages/describe_quorum.hpp"
#include "core/protocol/messages/describe_topic_partitions.hpp"
#include "core/protocol/messages/elect_leaders.hpp"
#include "core/protocol/messages/end_quorum_epoch.hpp"
#include "core/protocol/messages/fetch.hpp"
#include "core/protocol/messages/fetch_snapshot.hpp"
#include "core/protocol/messages/headers.hpp"
#include "core/protocol/messages/incremental_alter_configs.hpp"
#include "core/protocol/messages/init_producer_id.hpp"
#include "core/protocol/messages/list_offsets.hpp"
#include "core/protocol/messages/list_partition_reassignments.hpp"
#include "core/protocol/messages/metadata.hpp"
#include "core/protocol/messages/offset_for_leader_epoch.hpp"
#include "core/protocol/messages/produce.hpp"
#include "core/protocol/messages/remove_raft_voter.hpp"
#include "core/protocol/messages/unregister_broker.hpp"
#include "core/protocol/messages/update_features.hpp"
#include "core/protocol/messages/update_raft_voter.hpp"
#include "core/protocol/messages/vote.hpp"
#include "core/protocol/metadata_record.hpp"

namespace glasslog::support {

template <typename... Messages>
struct MessageList {};

template <typename Request, typename Response>
struct Exchange {
    using RequestType = Request;
    using ResponseType = Response;
};

using Exchanges = MessageList<
    Exchange<protocol::ProduceRequest, protocol::ProduceResponse>,
    Exchange<protocol::FetchRequest, protocol::FetchResponse>,
    Exchange<protocol::ListOffsetsRequest, protocol::ListOffsetsResponse>,
    Exchange<protocol::MetadataRequest, protocol::MetadataResponse>,
    Exchange<protocol::ApiVersionsRequest, protocol::ApiVersionsResponse>,
    Exchange<protocol::CreateTopicsRequest, protocol::CreateTopicsResponse>,
    Exchange<protocol::DeleteTopicsRequest, protocol::DeleteTopicsResponse>,
    Exchange<protocol::DeleteRecordsRequest, protocol::DeleteRecordsResponse>,
    Exchange<protocol::InitProducerIdRequest, protocol::InitProducerIdResponse>,
    Exchange<protocol::OffsetForLeaderEpochRequest, protocol::OffsetForLeaderEpochResponse>,
    Exchange<protocol::DescribeConfigsRequest, protocol::DescribeConfigsResponse>,
    Exchange<protocol::DescribeLogDirsRequest, protocol::DescribeLogDirsResponse>,
    Exchange<protocol::CreatePartitionsRequest, protocol::CreatePartitionsResponse>,
    Exchange<protocol::IncrementalAlterConfigsRequest, protocol::IncrementalAlterConfigsResponse>,
    Exchange<protocol::DescribeClusterRequest, protocol::DescribeClusterResponse>,
    Exchange<protocol::DescribeTopicPartitionsRequest, protocol::DescribeTopicPartitionsResponse>,
    Exchange<protocol::ElectLeadersRequest, protocol::ElectLeadersResponse>,
    Exchange<protocol::AlterPartitionReassignmentsRequest,
             protocol::AlterPartitionReassignmentsResponse>,
    Exchange<protocol::ListPartitionReassignmentsRequest,
             protocol::ListPartitionReassignmentsResponse>,
    Exchange<protocol::AlterPartitionRequest, protocol::AlterPartitionResponse>,
    Exchange<protocol::UpdateFeaturesRequest, protocol::UpdateFeaturesResponse>,
    Exchange<protocol::BrokerRegistrationRequest, protocol::BrokerRegistrationResponse>,
    Exchange<protocol::BrokerHeartbeatRequest, protocol::BrokerHeartbeatResponse>,
    Exchange<protocol::UnregisterBrokerRequest, protocol::UnregisterBrokerResponse>,
    Exchange<protocol::AllocateProducerIdsRequest, protocol::AllocateProducerIdsResponse>,
    Exchange<protocol::ControllerRegistrationRequest, protocol::ControllerRegistrationResponse>,
    Exchange<protocol::AssignReplicasToDirsRequest, protocol::AssignReplicasToDirsResponse>,
    Exchange<protocol::VoteRequest, protocol::VoteResponse>,
    Exchange<protocol::BeginQuorumEpochRequest, protocol::BeginQuorumEpochResponse>,
    Exchange<protocol::EndQuorumEpochRequest, protocol::EndQuorumEpochResponse>,
    Exchange<protocol::DescribeQuorumRequest, protocol::DescribeQuorumResponse>,
    Exchange<protocol::FetchSnapshotRequest, protocol::FetchSnapshotResponse>,
    Exchange<protocol::AddRaftVoterRequest, protocol::AddRaftVoterResponse>,
    Exchange<protocol::RemoveRaftVoterRequest, protocol::RemoveRaftVoterResponse>,
    Exchange<protocol::UpdateRaftVoterRequest, protocol::UpdateRaftVoterResponse>>;

using Records = MessageList<protocol::RequestHeader,
                            protocol::ResponseHeader,
                            protocol::LeaderChangeMessage,
                            protocol::SnapshotHeaderRecord,
                            protocol::SnapshotFooterRecord,
                            protocol::KRaftVersionRecord,
                            protocol::VotersRecord>;

// Calls f(Exchange<Request, Response>{}) for every API.
template <typename F, typename... Pairs>
void for_each_exchange(F f, MessageList<Pairs...> /*of*/) {
    (f(Pairs{}), ...);
}

template <typename F, typename... Messages>
void for_each_record(F f, MessageList<Messages...> /*of*/) {
    (f.template operator()<Messages>(), ...);
}

// Calls f.operator()<Record>() for every type of metadata record; UnknownRecord is no message.
template <typename F, typename... Types>
void for_each_metadata_record(F f, std::variant<Types...>* /*of*/) {
    const auto call = [&f]<typename Record>(Record* /*of*/) {
        if constexpr (protocol::Walkable<Record>) f.template operator()<Record>();
    };
    (call(static_cast<Types*>(nullptr)), ...);
}

// Calls f.operator()<Message>() for every message, of every kind.
template <typename F>
void for_each_message(F f) {
    for_each_exchange(
        [&]<typename Pair>(Pair) {
            f.template operator()<typename Pair::RequestType>();
            f.template operator()<typename Pair::ResponseType>();
        },
        Exchanges{});
    for_each_metadata_record(f, static_cast<protocol::MetadataRecord*>(nullptr));
    for_each_record(f, Records{});
}

// Calls f(version) for every version of Message.
template <typename Message, typename F>
void for_each_version(F f) {
    for (int v = Message::versions.first; v <= Message::versions.last; ++v)
        f(protocol::Version{static_cast<std::int16_t>(v)});
}

}  // namespace glasslog::support
