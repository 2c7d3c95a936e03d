#pragma once

// What a broker is told before it starts: Kafka's server.properties, keys and defaults as in
// Apache Kafka 4.3. Keys that nothing here reads are kept for DescribeConfigs and topic defaults.

#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/broker/lifecycle.hpp"
#include "core/raft/options.hpp"
#include "core/runtime/transport.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace glasslog::broker {

// Key to value, as written.
using Properties = std::map<std::string, std::string>;

// Java's properties format as people use it: `key=value` or `key: value`, '#' and '!' comments,
// a backslash at the end continues a line. where: the file's name, for errors.
Expected<Properties, InputError> parse_properties(std::string_view text, const std::string& where);

struct ListenerAddress {
    runtime::ListenerConfig bind;
    runtime::Endpoint advertised;  // what Metadata tells clients; port 0: the bound one
};

// process.roles. Without that key a node is both, alone.
struct Roles {
    bool is_broker = true;
    bool is_controller = true;
};

// One entry of controller.quorum.voters: ID@HOST:PORT.
struct ConfiguredVoter {
    NodeId id;
    runtime::Endpoint endpoint;
};

// How this node takes part in the quorum of the metadata log. Kafka's keys begin with
// controller.quorum.
struct QuorumConfig {
    std::vector<ListenerAddress> listeners;  // those of controller.listener.names
    std::string listener_name;               // the first of these names; may be empty
    std::vector<runtime::Endpoint> bootstrap_servers;
    std::vector<ConfiguredVoter> voters;  // empty: the voters stand in the log (KIP-853)
    raft::Timing timing;
    bool joins_by_itself = false;               // auto.join.enable
    std::int64_t fetch_bytes_max = 8 << 20;     // fetch.max.bytes
    std::int64_t snapshot_bytes_max = 8 << 20;  // fetch.snapshot.max.bytes
    std::int64_t snapshot_after_bytes = 20
                                        << 20;  // metadata.log.max.record.bytes.between.snapshots
    Duration snapshot_after = Duration::milliseconds(3'600'000);  // metadata.log.max.snapshot.…
    Duration idle_interval = Duration::milliseconds(500);         // metadata.max.idle.interval.ms
};

struct Config {
    NodeId node_id{1};
    Roles roles;
    QuorumConfig quorum;
    LifeTiming life;
    // glasslog.fast.fence: a broker whose connection was reset and that refuses two new ones is
    // fenced at once, not when its session ends.
    bool fences_fast = true;
    std::vector<ListenerAddress> listeners;
    std::string log_directory = "/tmp/glasslog";
    std::int64_t reactor_count = 1;

    std::int64_t request_bytes_max = 104'857'600;         // socket.request.max.bytes
    std::int64_t connection_count_max = 10'000;           // max.connections
    std::int64_t queued_request_bytes_max = 268'435'456;  // queued.max.request.bytes, per broker
    Duration connection_idle_max = Duration::milliseconds(600'000);  // connections.max.idle.ms

    std::int64_t fetch_bytes_max = 57'671'680;     // fetch.max.bytes
    std::int64_t describe_partitions_max = 2'000;  // max.request.partition.size.limit
    std::int64_t producer_id_expiration_ms = 86'400'000;
    bool auto_create_topics = true;  // auto.create.topics.enable
    bool delete_topics = true;       // delete.topic.enable

    Duration retention_check_interval = Duration::milliseconds(300'000);
    Duration high_watermark_checkpoint_interval = Duration::milliseconds(5'000);
    Duration recovery_point_checkpoint_interval = Duration::milliseconds(60'000);
    Duration log_start_checkpoint_interval = Duration::milliseconds(60'000);

    Properties properties;  // all that was written; the controller reads defaults of topics there
};

// Keys of config.properties that neither Kafka nor Glasslog knows, sorted.
std::vector<std::string> unknown_keys(const Config& config);

// Checks types, bounds and combinations. where: the file's name, for errors.
Expected<Config, InputError> config_from(Properties properties, const std::string& where);

// Splits at the separator; parts are trimmed, empty ones left out.
std::vector<std::string_view> split_list(std::string_view text, char separator);

// Reads process.roles and all of QuorumConfig. Called by config_from.
Expected<void, InputError> read_quorum(const std::string& where, Config& config);

// "HOST:PORT" or "NAME://HOST:PORT"; an IPv6 host stands in brackets. where: the flag or key.
Expected<runtime::ListenerConfig, InputError> parse_listener(std::string_view text,
                                                             const std::string& where);

}  // namespace glasslog::broker
