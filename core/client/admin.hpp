#pragma once

// Topics, offsets and configurations of a cluster.

#include "core/base/expected.hpp"
#include "core/client/client_error.hpp"
#include "core/client/cluster.hpp"
#include "core/protocol/config_enums.hpp"
#include "core/runtime/gate.hpp"
#include "core/runtime/runtime.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace glasslog::client {

struct NewTopic {
    std::string name;
    std::int32_t partition_count = -1;     // -1: the broker's default
    std::int16_t replication_factor = -1;  // likewise
    std::map<std::string, std::string> configs;
};

struct CreatedTopic {
    std::string name;
    Uuid id;
    std::int32_t partition_count = -1;  // -1: the broker did not say
    std::int16_t replication_factor = -1;
};

// Of ListOffsets, besides times.
inline constexpr std::int64_t latest_timestamp = -1;
inline constexpr std::int64_t earliest_timestamp = -2;
inline constexpr std::int64_t max_timestamp = -3;

// offset: -1 when no record is that late.
struct ListedOffset {
    TopicPartition partition;
    Offset offset = no_offset;
    WallTime timestamp;
    LeaderEpoch leader_epoch = no_leader_epoch;
};

struct ConfigEntry {
    std::string name;
    std::optional<std::string> value;
    protocol::ConfigSource source = protocol::ConfigSource::unknown;
    bool is_read_only = false;
    bool is_sensitive = false;
};

// Every call gives up with timed_out after ClusterConfig::request_timeout and sends again what is
// retriable until then.
class Admin {
public:
    Admin(const runtime::Runtime& runtime, const ClusterConfig& cluster);
    ~Admin();
    Admin(const Admin&) = delete;
    Admin& operator=(const Admin&) = delete;

    void create_topic(NewTopic topic, ClientDone<CreatedTopic> done);
    void delete_topic(const std::string& name, ClientDone<void> done);
    void create_partitions(const std::string& topic, std::int32_t total, ClientDone<void> done);

    // Sorted by name; internal ones too.
    void list_topics(ClientDone<std::vector<TopicView>> done);
    void describe_topic(const std::string& name, ClientDone<TopicView> done);

    // timestamp: a time in ms or one of the constants above. In the order asked.
    void list_offsets(const std::vector<TopicPartition>& partitions,
                      std::int64_t timestamp,
                      ClientDone<std::vector<ListedOffset>> done);

    // before: -1 for the high watermark. Gives the new log start offset.
    void delete_records(const TopicPartition& partition, Offset before, ClientDone<Offset> done);

    void describe_topic_configs(const std::string& topic,
                                ClientDone<std::vector<ConfigEntry>> done);

    // A value of none goes back to the default.
    void alter_topic_configs(const std::string& topic,
                             const std::map<std::string, std::optional<std::string>>& changes,
                             ClientDone<void> done);

    Cluster& cluster() { return cluster_; }

private:
    // A call that may be tried more than once.
    class Attempts;
    struct Offsets;

    template <typename Out>
    void run(UniqueFunction<void(ClientDone<Out>)> attempt, ClientDone<Out> done);

    template <typename Response, typename Out, typename Request>
    void ask(const Request& request,
             UniqueFunction<Expected<Out, ClientError>(const Response&)> read,
             ClientDone<Out> done);

    void ask_offsets(const std::vector<TopicPartition>& partitions,
                     std::int64_t timestamp,
                     ClientDone<std::vector<ListedOffset>> done);
    void delete_at_leader(const TopicPartition& partition, Offset before, ClientDone<Offset> done);
    Expected<NodeId, ClientError> leader_of(const TopicPartition& partition) const;

    Cluster cluster_;
    std::unique_ptr<Attempts> attempts_;
    std::map<std::uint64_t, Offsets> offsets_;
    std::uint64_t last_offsets_ = 0;
    runtime::Gate gate_;
};

}  // namespace glasslog::client
