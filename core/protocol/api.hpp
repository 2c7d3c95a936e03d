#pragma once

// The APIs that are spoken: names, versions, where they are served, header versions, and a look at
// a message by its key.

#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/protocol/walk.hpp"

#include <span>

namespace glasslog::protocol {

// Others may come from a peer: see find_api.
enum class ApiKey : std::int16_t {
    produce = 0,
    fetch = 1,
    list_offsets = 2,
    metadata = 3,
    api_versions = 18,
    create_topics = 19,
    delete_topics = 20,
    delete_records = 21,
    init_producer_id = 22,
    offset_for_leader_epoch = 23,
    describe_configs = 32,
    describe_log_dirs = 35,
    create_partitions = 37,
    elect_leaders = 43,
    incremental_alter_configs = 44,
    alter_partition_reassignments = 45,
    list_partition_reassignments = 46,
    vote = 52,
    begin_quorum_epoch = 53,
    end_quorum_epoch = 54,
    describe_quorum = 55,
    alter_partition = 56,
    update_features = 57,
    fetch_snapshot = 59,
    describe_cluster = 60,
    broker_registration = 62,
    broker_heartbeat = 63,
    unregister_broker = 64,
    allocate_producer_ids = 67,
    controller_registration = 70,
    assign_replicas_to_dirs = 73,
    describe_topic_partitions = 75,
    add_raft_voter = 80,
    remove_raft_voter = 81,
    update_raft_voter = 82,
};

// What a listener is for: clients and brokers come to a broker's, the nodes of the quorum and
// brokers to a controller's.
enum class ListenerKind : std::uint8_t { broker, controller };

// A set of them.
struct ListenerKinds {
    bool broker = false;
    bool controller = false;

    constexpr bool contains(ListenerKind kind) const {
        return kind == ListenerKind::broker ? broker : controller;
    }

    friend bool operator==(ListenerKinds, ListenerKinds) = default;
};

// What is known of an API before a byte of its body is read.
struct Api {
    ApiKey key;
    std::string_view name;    // "ListOffsets"
    VersionRange versions;    // that can be encoded and decoded
    VersionRange advertised;  // that ApiVersions tells where it is served, as Kafka 4.3 does
    Version flexible_from;
    ListenerKinds belongs_to;  // where Kafka serves it
    ListenerKinds served_on;   // where it is served here: the others do not tell it, and close
};

// Sorted by key.
std::span<const Api> apis();

// Null when the API is not spoken.
const Api* find_api(ApiKey key);

// "ListOffsets", or "API 11" for one that is not spoken.
std::string api_name(ApiKey key);

// Of the header before a request's body: 1, or 2 when the version is flexible, also for versions
// beyond the range. Empty for an API that is not spoken.
std::optional<Version> request_header_version(ApiKey key, Version version);

// Of the header before a response's body: 0, or 1 when the version is flexible; always 0 for
// ApiVersions, which a client reads before it knows what the broker speaks.
std::optional<Version> response_header_version(ApiKey key, Version version);

// Which side of an exchange.
enum class Side : std::uint8_t { request, response };

// The body (without header) as one line of JSON, for traces and `wire decode`.
Expected<std::string, DecodeError> describe(ApiKey key,
                                            Version version,
                                            Side side,
                                            const Bytes& body);

// The body of a message whose fields have their initial values. version is one of Api::versions.
Payload encode_initial(ApiKey key, Version version, Side side);

}  // namespace glasslog::protocol
