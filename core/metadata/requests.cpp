#include "core/metadata/requests.hpp"

#include "core/base/overloaded.hpp"

namespace glasslog::metadata {

namespace {

using protocol::WireError;

// Messages with one error code for the whole answer.
template <typename Answer>
Answer with_error(WireError error) {
    Answer answer;
    answer.error_code = error;
    return answer;
}

Response refused(const UpdateFeatures&, WireError error) {
    return with_error<protocol::UpdateFeaturesResponse>(error);
}

Response refused(const protocol::BrokerRegistrationRequest&, WireError error) {
    return with_error<protocol::BrokerRegistrationResponse>(error);
}

Response refused(const protocol::BrokerHeartbeatRequest&, WireError error) {
    return with_error<protocol::BrokerHeartbeatResponse>(error);
}

Response refused(const protocol::UnregisterBrokerRequest&, WireError error) {
    return with_error<protocol::UnregisterBrokerResponse>(error);
}

Response refused(const protocol::ControllerRegistrationRequest&, WireError error) {
    return with_error<protocol::ControllerRegistrationResponse>(error);
}

Response refused(const protocol::AllocateProducerIdsRequest&, WireError error) {
    return with_error<protocol::AllocateProducerIdsResponse>(error);
}

Response refused(const protocol::AlterPartitionRequest&, WireError error) {
    return with_error<protocol::AlterPartitionResponse>(error);
}

Response refused(const protocol::AssignReplicasToDirsRequest&, WireError error) {
    return with_error<protocol::AssignReplicasToDirsResponse>(error);
}

Response refused(const protocol::ElectLeadersRequest&, WireError error) {
    return with_error<protocol::ElectLeadersResponse>(error);
}

Response refused(const protocol::AlterPartitionReassignmentsRequest&, WireError error) {
    return with_error<protocol::AlterPartitionReassignmentsResponse>(error);
}

Response refused(const protocol::ListPartitionReassignmentsRequest&, WireError error) {
    return with_error<protocol::ListPartitionReassignmentsResponse>(error);
}

}  // namespace

bool is_user_operation(const Request& request) {
    return std::holds_alternative<CreateTopics>(request) ||
           std::holds_alternative<DeleteTopics>(request) ||
           std::holds_alternative<CreatePartitions>(request) ||
           std::holds_alternative<AlterConfigs>(request) ||
           std::holds_alternative<UpdateFeatures>(request) ||
           std::holds_alternative<protocol::ElectLeadersRequest>(request) ||
           std::holds_alternative<protocol::AlterPartitionReassignmentsRequest>(request);
}

Response refuse_all(const Request& request, WireError error, std::string_view text) {
    const std::string message(text.empty() ? protocol::name(error) : text);
    return std::visit(
        overloaded{
            [&](const CreateTopics& one) -> Response {
                protocol::CreateTopicsResponse response;
                for (const auto& topic : one.body.topics) {
                    response.topics.emplace_back();
                    response.topics.back().name = topic.name;
                    response.topics.back().error_code = error;
                    response.topics.back().error_message = message;
                }
                return response;
            },
            [&](const DeleteTopics& one) -> Response {
                protocol::DeleteTopicsResponse response;
                for (const std::string& name : one.body.topic_names)
                    response.responses.push_back({name, {}, error, message});
                for (const auto& topic : one.body.topics)
                    response.responses.push_back({topic.name, topic.topic_id, error, message});
                return response;
            },
            [&](const CreatePartitions& one) -> Response {
                protocol::CreatePartitionsResponse response;
                for (const auto& topic : one.body.topics)
                    response.results.push_back({topic.name, error, message});
                return response;
            },
            [&](const AlterConfigs& one) -> Response {
                protocol::IncrementalAlterConfigsResponse response;
                for (const auto& resource : one.body.resources) {
                    response.responses.push_back(
                        {error, message, resource.resource_type, resource.resource_name});
                }
                return response;
            },
            [&](const FenceBroker&) -> Response { return FenceBrokerResponse{error}; },
            [&](const auto& other) -> Response { return refused(other, error); },
        },
        request);
}

}  // namespace glasslog::metadata
