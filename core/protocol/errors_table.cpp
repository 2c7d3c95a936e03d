// The table of Kafka's error codes.

#include "core/protocol/errors.hpp"

#include <array>
#include <cstddef>

namespace glasslog::protocol {
namespace {

enum class Retry : bool { no, yes };

struct Row {
    std::string_view name;
    Retry retry;
};

constexpr int first_code = -1;

// Row i describes code i + first_code.
constexpr std::array rows = {
    Row{"UNKNOWN_SERVER_ERROR", Retry::no},
    Row{"NONE", Retry::no},
    Row{"OFFSET_OUT_OF_RANGE", Retry::no},
    Row{"CORRUPT_MESSAGE", Retry::yes},
    Row{"UNKNOWN_TOPIC_OR_PARTITION", Retry::yes},
    Row{"INVALID_FETCH_SIZE", Retry::no},
    Row{"LEADER_NOT_AVAILABLE", Retry::yes},
    Row{"NOT_LEADER_OR_FOLLOWER", Retry::yes},
    Row{"REQUEST_TIMED_OUT", Retry::yes},
    Row{"BROKER_NOT_AVAILABLE", Retry::no},
    Row{"REPLICA_NOT_AVAILABLE", Retry::yes},
    Row{"MESSAGE_TOO_LARGE", Retry::no},
    Row{"STALE_CONTROLLER_EPOCH", Retry::no},
    Row{"OFFSET_METADATA_TOO_LARGE", Retry::no},
    Row{"NETWORK_EXCEPTION", Retry::yes},
    Row{"COORDINATOR_LOAD_IN_PROGRESS", Retry::yes},
    Row{"COORDINATOR_NOT_AVAILABLE", Retry::yes},
    Row{"NOT_COORDINATOR", Retry::yes},
    Row{"INVALID_TOPIC_EXCEPTION", Retry::no},
    Row{"RECORD_LIST_TOO_LARGE", Retry::no},
    Row{"NOT_ENOUGH_REPLICAS", Retry::yes},
    Row{"NOT_ENOUGH_REPLICAS_AFTER_APPEND", Retry::yes},
    Row{"INVALID_REQUIRED_ACKS", Retry::no},
    Row{"ILLEGAL_GENERATION", Retry::no},
    Row{"INCONSISTENT_GROUP_PROTOCOL", Retry::no},
    Row{"INVALID_GROUP_ID", Retry::no},
    Row{"UNKNOWN_MEMBER_ID", Retry::no},
    Row{"INVALID_SESSION_TIMEOUT", Retry::no},
    Row{"REBALANCE_IN_PROGRESS", Retry::no},
    Row{"INVALID_COMMIT_OFFSET_SIZE", Retry::no},
    Row{"TOPIC_AUTHORIZATION_FAILED", Retry::no},
    Row{"GROUP_AUTHORIZATION_FAILED", Retry::no},
    Row{"CLUSTER_AUTHORIZATION_FAILED", Retry::no},
    Row{"INVALID_TIMESTAMP", Retry::no},
    Row{"UNSUPPORTED_SASL_MECHANISM", Retry::no},
    Row{"ILLEGAL_SASL_STATE", Retry::no},
    Row{"UNSUPPORTED_VERSION", Retry::no},
    Row{"TOPIC_ALREADY_EXISTS", Retry::no},
    Row{"INVALID_PARTITIONS", Retry::no},
    Row{"INVALID_REPLICATION_FACTOR", Retry::no},
    Row{"INVALID_REPLICA_ASSIGNMENT", Retry::no},
    Row{"INVALID_CONFIG", Retry::no},
    Row{"NOT_CONTROLLER", Retry::yes},
    Row{"INVALID_REQUEST", Retry::no},
    Row{"UNSUPPORTED_FOR_MESSAGE_FORMAT", Retry::no},
    Row{"POLICY_VIOLATION", Retry::no},
    Row{"OUT_OF_ORDER_SEQUENCE_NUMBER", Retry::no},
    Row{"DUPLICATE_SEQUENCE_NUMBER", Retry::no},
    Row{"INVALID_PRODUCER_EPOCH", Retry::no},
    Row{"INVALID_TXN_STATE", Retry::no},
    Row{"INVALID_PRODUCER_ID_MAPPING", Retry::no},
    Row{"INVALID_TRANSACTION_TIMEOUT", Retry::no},
    Row{"CONCURRENT_TRANSACTIONS", Retry::yes},
    Row{"TRANSACTION_COORDINATOR_FENCED", Retry::no},
    Row{"TRANSACTIONAL_ID_AUTHORIZATION_FAILED", Retry::no},
    Row{"SECURITY_DISABLED", Retry::no},
    Row{"OPERATION_NOT_ATTEMPTED", Retry::no},
    Row{"KAFKA_STORAGE_ERROR", Retry::yes},
    Row{"LOG_DIR_NOT_FOUND", Retry::no},
    Row{"SASL_AUTHENTICATION_FAILED", Retry::no},
    Row{"UNKNOWN_PRODUCER_ID", Retry::no},
    Row{"REASSIGNMENT_IN_PROGRESS", Retry::no},
    Row{"DELEGATION_TOKEN_AUTH_DISABLED", Retry::no},
    Row{"DELEGATION_TOKEN_NOT_FOUND", Retry::no},
    Row{"DELEGATION_TOKEN_OWNER_MISMATCH", Retry::no},
    Row{"DELEGATION_TOKEN_REQUEST_NOT_ALLOWED", Retry::no},
    Row{"DELEGATION_TOKEN_AUTHORIZATION_FAILED", Retry::no},
    Row{"DELEGATION_TOKEN_EXPIRED", Retry::no},
    Row{"INVALID_PRINCIPAL_TYPE", Retry::no},
    Row{"NON_EMPTY_GROUP", Retry::no},
    Row{"GROUP_ID_NOT_FOUND", Retry::no},
    Row{"FETCH_SESSION_ID_NOT_FOUND", Retry::yes},
    Row{"INVALID_FETCH_SESSION_EPOCH", Retry::yes},
    Row{"LISTENER_NOT_FOUND", Retry::yes},
    Row{"TOPIC_DELETION_DISABLED", Retry::no},
    Row{"FENCED_LEADER_EPOCH", Retry::yes},
    Row{"UNKNOWN_LEADER_EPOCH", Retry::yes},
    Row{"UNSUPPORTED_COMPRESSION_TYPE", Retry::no},
    Row{"STALE_BROKER_EPOCH", Retry::no},
    Row{"OFFSET_NOT_AVAILABLE", Retry::yes},
    Row{"MEMBER_ID_REQUIRED", Retry::no},
    Row{"PREFERRED_LEADER_NOT_AVAILABLE", Retry::yes},
    Row{"GROUP_MAX_SIZE_REACHED", Retry::no},
    Row{"FENCED_INSTANCE_ID", Retry::no},
    Row{"ELIGIBLE_LEADERS_NOT_AVAILABLE", Retry::yes},
    Row{"ELECTION_NOT_NEEDED", Retry::yes},
    Row{"NO_REASSIGNMENT_IN_PROGRESS", Retry::no},
    Row{"GROUP_SUBSCRIBED_TO_TOPIC", Retry::no},
    Row{"INVALID_RECORD", Retry::no},
    Row{"UNSTABLE_OFFSET_COMMIT", Retry::yes},
    Row{"THROTTLING_QUOTA_EXCEEDED", Retry::yes},
    Row{"PRODUCER_FENCED", Retry::no},
    Row{"RESOURCE_NOT_FOUND", Retry::no},
    Row{"DUPLICATE_RESOURCE", Retry::no},
    Row{"UNACCEPTABLE_CREDENTIAL", Retry::no},
    Row{"INCONSISTENT_VOTER_SET", Retry::no},
    Row{"INVALID_UPDATE_VERSION", Retry::no},
    Row{"FEATURE_UPDATE_FAILED", Retry::no},
    Row{"PRINCIPAL_DESERIALIZATION_FAILURE", Retry::no},
    Row{"SNAPSHOT_NOT_FOUND", Retry::no},
    Row{"POSITION_OUT_OF_RANGE", Retry::no},
    Row{"UNKNOWN_TOPIC_ID", Retry::yes},
    Row{"DUPLICATE_BROKER_REGISTRATION", Retry::no},
    Row{"BROKER_ID_NOT_REGISTERED", Retry::no},
    Row{"INCONSISTENT_TOPIC_ID", Retry::yes},
    Row{"INCONSISTENT_CLUSTER_ID", Retry::no},
    Row{"TRANSACTIONAL_ID_NOT_FOUND", Retry::no},
    Row{"FETCH_SESSION_TOPIC_ID_ERROR", Retry::yes},
    Row{"INELIGIBLE_REPLICA", Retry::no},
    Row{"NEW_LEADER_ELECTED", Retry::no},
    Row{"OFFSET_MOVED_TO_TIERED_STORAGE", Retry::no},
    Row{"FENCED_MEMBER_EPOCH", Retry::no},
    Row{"UNRELEASED_INSTANCE_ID", Retry::no},
    Row{"UNSUPPORTED_ASSIGNOR", Retry::no},
    Row{"STALE_MEMBER_EPOCH", Retry::no},
    Row{"MISMATCHED_ENDPOINT_TYPE", Retry::no},
    Row{"UNSUPPORTED_ENDPOINT_TYPE", Retry::no},
    Row{"UNKNOWN_CONTROLLER_ID", Retry::no},
    Row{"UNKNOWN_SUBSCRIPTION_ID", Retry::no},
    Row{"TELEMETRY_TOO_LARGE", Retry::no},
    Row{"INVALID_REGISTRATION", Retry::no},
    Row{"TRANSACTION_ABORTABLE", Retry::no},
    Row{"INVALID_RECORD_STATE", Retry::no},
    Row{"SHARE_SESSION_NOT_FOUND", Retry::yes},
    Row{"INVALID_SHARE_SESSION_EPOCH", Retry::yes},
    Row{"FENCED_STATE_EPOCH", Retry::no},
    Row{"INVALID_VOTER_KEY", Retry::no},
    Row{"DUPLICATE_VOTER", Retry::no},
    Row{"VOTER_NOT_FOUND", Retry::no},
    Row{"INVALID_REGULAR_EXPRESSION", Retry::no},
    Row{"REBOOTSTRAP_REQUIRED", Retry::no},
    Row{"STREAMS_INVALID_TOPOLOGY", Retry::no},
    Row{"STREAMS_INVALID_TOPOLOGY_EPOCH", Retry::no},
    Row{"STREAMS_TOPOLOGY_FENCED", Retry::no},
    Row{"SHARE_SESSION_LIMIT_REACHED", Retry::yes},
};

const Row* find(WireError error) {
    const int row = static_cast<int>(error) - first_code;
    if (row < 0 || static_cast<std::size_t>(row) >= rows.size()) return nullptr;
    return &rows[static_cast<std::size_t>(row)];
}

}  // namespace

std::string_view name(WireError error) {
    const Row* row = find(error);
    return row == nullptr ? std::string_view() : row->name;
}

bool is_retriable(WireError error) {
    const Row* row = find(error);
    return row != nullptr && row->retry == Retry::yes;
}

}  // namespace glasslog::protocol
