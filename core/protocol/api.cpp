#include "core/protocol/api.hpp"

#include "core/base/check.hpp"
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
#include "core/protocol/schema.hpp"

#include <array>

namespace glasslog::protocol {
namespace {

// One side of an API, its type forgotten.
struct Body {
    Expected<std::string, DecodeError> (*describe)(const Bytes&, Version);
    Payload (*encode_initial)(Version);
    std::string (*schema)();
};

template <typename Message>
constexpr Body body_of() {
    return {
        .describe = [](const Bytes& bytes, Version version) -> Expected<std::string, DecodeError> {
            const Message message = TRY(decode<Message>(bytes, version));
            return print(message, version);
        },
        .encode_initial = [](Version version) { return encode(Message{}, version); },
        .schema = &MessageCodec<Message>::schema};
}

struct Row {
    Api api;
    Body request;
    Body response;
};

constexpr ListenerKinds nowhere{};
constexpr ListenerKinds on_brokers{.broker = true};
constexpr ListenerKinds on_controllers{.controller = true};
constexpr ListenerKinds on_both{.broker = true, .controller = true};

constexpr bool is_part_of(ListenerKinds part, ListenerKinds whole) {
    return (!part.broker || whole.broker) && (!part.controller || whole.controller);
}

template <typename Request, typename Response>
constexpr Row row(std::string_view name,
                  ListenerKinds belongs_to,
                  ListenerKinds served_on = nowhere,
                  VersionRange advertised = Request::versions) {
    static_assert(Request::key == Response::key);
    static_assert(Request::versions == Response::versions);
    static_assert(Request::flexible_from == Response::flexible_from);
    return {.api = {.key = Request::key,
                    .name = name,
                    .versions = Request::versions,
                    .advertised = advertised,
                    .flexible_from = Request::flexible_from,
                    .belongs_to = belongs_to,
                    .served_on = served_on},
            .request = body_of<Request>(),
            .response = body_of<Response>()};
}

// Kafka 4.3 advertises Produce from 0, since an old client library wants to see it, and hides
// InitProducerId 6, which it calls unstable.
constexpr std::array rows = {
    row<ProduceRequest, ProduceResponse>("Produce", on_brokers, on_brokers, {0, 13}),
    row<FetchRequest, FetchResponse>("Fetch", on_both, on_brokers),
    row<ListOffsetsRequest, ListOffsetsResponse>("ListOffsets", on_brokers, on_brokers),
    row<MetadataRequest, MetadataResponse>("Metadata", on_brokers, on_brokers),
    row<ApiVersionsRequest, ApiVersionsResponse>("ApiVersions", on_both, on_brokers),
    row<CreateTopicsRequest, CreateTopicsResponse>("CreateTopics", on_both, on_brokers),
    row<DeleteTopicsRequest, DeleteTopicsResponse>("DeleteTopics", on_both, on_brokers),
    row<DeleteRecordsRequest, DeleteRecordsResponse>("DeleteRecords", on_brokers, on_brokers),
    row<InitProducerIdRequest, InitProducerIdResponse>(
        "InitProducerId", on_brokers, on_brokers, {0, 5}),
    row<OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse>(
        "OffsetForLeaderEpoch", on_brokers, on_brokers),
    row<DescribeConfigsRequest, DescribeConfigsResponse>("DescribeConfigs", on_both, on_brokers),
    row<DescribeLogDirsRequest, DescribeLogDirsResponse>("DescribeLogDirs", on_brokers, on_brokers),
    row<CreatePartitionsRequest, CreatePartitionsResponse>("CreatePartitions", on_both, on_brokers),
    row<ElectLeadersRequest, ElectLeadersResponse>("ElectLeaders", on_both),
    row<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse>(
        "IncrementalAlterConfigs", on_both, on_brokers),
    row<AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse>(
        "AlterPartitionReassignments", on_both),
    row<ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse>(
        "ListPartitionReassignments", on_both),
    row<VoteRequest, VoteResponse>("Vote", on_controllers),
    row<BeginQuorumEpochRequest, BeginQuorumEpochResponse>("BeginQuorumEpoch", on_controllers),
    row<EndQuorumEpochRequest, EndQuorumEpochResponse>("EndQuorumEpoch", on_controllers),
    row<DescribeQuorumRequest, DescribeQuorumResponse>("DescribeQuorum", on_both),
    row<AlterPartitionRequest, AlterPartitionResponse>("AlterPartition", on_controllers),
    row<UpdateFeaturesRequest, UpdateFeaturesResponse>("UpdateFeatures", on_both),
    row<FetchSnapshotRequest, FetchSnapshotResponse>("FetchSnapshot", on_controllers),
    row<DescribeClusterRequest, DescribeClusterResponse>("DescribeCluster", on_both, on_brokers),
    row<BrokerRegistrationRequest, BrokerRegistrationResponse>("BrokerRegistration",
                                                               on_controllers),
    row<BrokerHeartbeatRequest, BrokerHeartbeatResponse>("BrokerHeartbeat", on_controllers),
    row<UnregisterBrokerRequest, UnregisterBrokerResponse>("UnregisterBroker", on_both),
    row<AllocateProducerIdsRequest, AllocateProducerIdsResponse>("AllocateProducerIds",
                                                                 on_controllers),
    row<ControllerRegistrationRequest, ControllerRegistrationResponse>("ControllerRegistration",
                                                                       on_controllers),
    row<AssignReplicasToDirsRequest, AssignReplicasToDirsResponse>("AssignReplicasToDirs",
                                                                   on_controllers),
    row<DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse>(
        "DescribeTopicPartitions", on_brokers, on_brokers),
    row<AddRaftVoterRequest, AddRaftVoterResponse>("AddRaftVoter", on_both),
    row<RemoveRaftVoterRequest, RemoveRaftVoterResponse>("RemoveRaftVoter", on_both),
    row<UpdateRaftVoterRequest, UpdateRaftVoterResponse>("UpdateRaftVoter", on_controllers),
};

constexpr auto api_list = [] {
    std::array<Api, rows.size()> list{};
    for (std::size_t i = 0; i < rows.size(); ++i)
        list[i] = rows[i].api;
    return list;
}();

static_assert(std::ranges::is_sorted(api_list, {}, &Api::key));
static_assert(std::ranges::all_of(api_list, [](const Api& api) {
    return is_part_of(api.served_on, api.belongs_to);
}));

const Row* find_row(ApiKey key) {
    const auto at = std::ranges::lower_bound(rows, key, {}, [](const Row& r) { return r.api.key; });
    return at == rows.end() || at->api.key != key ? nullptr : &*at;
}

// UnknownRecord has none.
template <typename Message>
void add_schema(std::vector<std::string>& out) {
    if constexpr (Walkable<Message>) out.push_back(MessageCodec<Message>::schema());
}

}  // namespace

std::span<const Api> apis() {
    return api_list;
}

const Api* find_api(ApiKey key) {
    const Row* row = find_row(key);
    return row == nullptr ? nullptr : &row->api;
}

std::string api_name(ApiKey key) {
    const Api* api = find_api(key);
    return api == nullptr ? fmt::format("API {}", to_wire(key)) : std::string(api->name);
}

std::optional<Version> request_header_version(ApiKey key, Version version) {
    const Api* api = find_api(key);
    if (api == nullptr) return std::nullopt;
    return Version{version >= api->flexible_from ? std::int16_t{2} : std::int16_t{1}};
}

std::optional<Version> response_header_version(ApiKey key, Version version) {
    const Api* api = find_api(key);
    if (api == nullptr) return std::nullopt;
    const bool has_tags = version >= api->flexible_from && key != ApiKey::api_versions;
    return Version{has_tags ? std::int16_t{1} : std::int16_t{0}};
}

Expected<std::string, DecodeError> describe(ApiKey key,
                                            Version version,
                                            Side side,
                                            const Bytes& body) {
    const Row* row = find_row(key);
    if (row == nullptr) {
        return Unexpected{DecodeError{fmt::format("{} is not spoken", api_name(key)), 0}};
    }
    return (side == Side::request ? row->request : row->response).describe(body, version);
}

Payload encode_initial(ApiKey key, Version version, Side side) {
    const Row* row = find_row(key);
    CHECK(row != nullptr, "{}", to_wire(key));
    return (side == Side::request ? row->request : row->response).encode_initial(version);
}

std::string schema_json() {
    std::vector<std::string> all;
    for (const Row& row : rows) {
        all.push_back(row.request.schema());
        all.push_back(row.response.schema());
    }
    const auto add = [&all]<typename... Messages>(std::variant<Messages...>* /*of*/) {
        (add_schema<Messages>(all), ...);
    };
    using Headers = std::variant<RequestHeader, ResponseHeader>;
    using ControlRecords = std::variant<LeaderChangeMessage,
                                        SnapshotHeaderRecord,
                                        SnapshotFooterRecord,
                                        KRaftVersionRecord,
                                        VotersRecord>;
    add(static_cast<Headers*>(nullptr));
    add(static_cast<MetadataRecord*>(nullptr));
    add(static_cast<ControlRecords*>(nullptr));
    return fmt::format("[\n{}\n]\n", fmt::join(all, ",\n"));
}

}  // namespace glasslog::protocol
