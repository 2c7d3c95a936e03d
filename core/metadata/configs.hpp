#pragma once

// Configuration keys: names, defaults, types and bounds as in Apache Kafka 4.3, checks of values,
// and what holds for a topic after every layer was asked: the topic, this broker, all brokers, the
// broker's file, the default. Tables are in config_table.cpp.

#include "core/base/expected.hpp"
#include "core/base/time.hpp"
#include "core/metadata/image.hpp"
#include "core/protocol/config_enums.hpp"
#include "core/protocol/record_batch.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace glasslog::metadata {

using protocol::ConfigSource;
using protocol::ConfigType;

// Who may change a key while the broker runs.
enum class ConfigScope : std::uint8_t { read_only, per_broker, cluster_wide };

// A key's numbers lie in [first, last]; its words are among `words` when there are any.
struct ConfigBounds {
    std::int64_t first = INT64_MIN;
    std::int64_t last = INT64_MAX;
    std::span<const std::string_view> words{};
};

struct ConfigDefinition {
    std::string_view name;
    ConfigType type = ConfigType::string;
    std::optional<std::string_view> default_value;  // empty: the key has none
    ConfigScope scope = ConfigScope::cluster_wide;
    bool is_sensitive = false;
    std::array<std::string_view, 3> synonyms{};  // broker keys of a topic key, finest unit first
    ConfigBounds bounds{};
};

// Sorted by name.
std::span<const ConfigDefinition> topic_config_table();
std::span<const ConfigDefinition> broker_config_table();

const ConfigDefinition* find_topic_config(std::string_view name);
const ConfigDefinition* find_broker_config(std::string_view name);

// Empty when `value` is right for the key; otherwise a sentence for the person who sent it.
std::optional<std::string> complaint(const ConfigDefinition& definition, std::string_view value);

// As complaint, for a topic: unknown keys and combinations too (local retention, remote storage).
std::optional<std::string> topic_config_complaint(const ConfigValues& values);

// Kafka's server.properties of this broker, as written.
using StaticConfigs = std::map<std::string, std::string>;

// Whose file and whose dynamic values count.
struct ConfigLayers {
    const Image& image;
    const StaticConfigs& file;
    NodeId broker;
};

// One value that holds or would hold, and who said it.
struct ConfigSynonym {
    std::string name;
    std::optional<std::string> value;  // null for a sensitive key
    ConfigSource source = ConfigSource::default_value;
};

// synonyms: in the order of precedence; the first one holds.
struct ConfigEntry {
    std::string name;
    std::optional<std::string> value;  // null for a sensitive key, or a key without default
    ConfigSource source = ConfigSource::default_value;
    ConfigType type = ConfigType::string;
    bool is_read_only = false;
    bool is_sensitive = false;
    std::vector<ConfigSynonym> synonyms;
};

// What DescribeConfigs tells, sorted by name. The topic may be one that does not exist yet.
std::vector<ConfigEntry> describe_topic(const ConfigLayers& layers, std::string_view topic);
std::vector<ConfigEntry> describe_topic(const ConfigLayers& layers, const ConfigValues& values);
std::vector<ConfigEntry> describe_broker(const ConfigLayers& layers);

// What was set for all brokers of the cluster: the resource with the empty name.
std::vector<ConfigEntry> describe_default_broker(const ConfigLayers& layers);

using protocol::TimestampType;

// The effective configuration of one topic, as values. Times of -1 and sizes of -1: no limit.
struct TopicSettings {
    bool is_deleting = true;     // cleanup.policy has `delete`
    bool is_compacting = false;  // cleanup.policy has `compact`
    std::string compression_type = "producer";
    TimestampType timestamp_type = TimestampType::create_time;
    std::int64_t timestamp_before_max_ms = INT64_MAX;
    std::int64_t timestamp_after_max_ms = 3'600'000;
    std::int64_t message_bytes_max = 1'048'588;
    std::int64_t min_insync_replicas = 1;
    std::int64_t flush_messages = INT64_MAX;
    std::int64_t flush_ms = INT64_MAX;
    std::int64_t segment_bytes = 1'073'741'824;
    std::int64_t segment_ms = 604'800'000;
    std::int64_t segment_jitter_ms = 0;
    std::int64_t segment_index_bytes = 10'485'760;
    std::int64_t index_interval_bytes = 4'096;
    std::int64_t retention_ms = 604'800'000;
    std::int64_t retention_bytes = -1;
    std::int64_t file_delete_delay_ms = 60'000;
    bool preallocate = false;

    friend bool operator==(const TopicSettings&, const TopicSettings&) = default;
};

TopicSettings topic_settings(const ConfigLayers& layers, std::string_view topic);

// One key of a topic, of type int or boolean, after all layers; 0 or false when it has no value.
std::int64_t topic_number(const ConfigLayers& layers, std::string_view topic, std::string_view key);
bool topic_flag(const ConfigLayers& layers, std::string_view topic, std::string_view key);

}  // namespace glasslog::metadata
