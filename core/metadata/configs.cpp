#include "core/metadata/configs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace glasslog::metadata {

namespace {

const ConfigDefinition* find_in(std::span<const ConfigDefinition> table, std::string_view name) {
    const auto at = std::lower_bound(
        table.begin(),
        table.end(),
        name,
        [](const ConfigDefinition& row, std::string_view key) { return row.name < key; });
    return at == table.end() || at->name != name ? nullptr : &*at;
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string_view> words_of(std::string_view list) {
    std::vector<std::string_view> words;
    if (trimmed(list).empty()) return words;
    for (std::size_t begin = 0; begin <= list.size();) {
        const std::size_t end = std::min(list.find(',', begin), list.size());
        words.push_back(trimmed(list.substr(begin, end - begin)));
        begin = end + 1;
    }
    return words;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
    text = trimmed(text);
    if (text.starts_with('+')) text.remove_prefix(1);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool is_whole = error == std::errc() && end == text.data() + text.size();
    return is_whole && !text.empty() ? std::optional(value) : std::nullopt;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
    return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
        return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
    });
}

struct IntegerRange {
    std::int64_t first;
    std::int64_t last;
};

IntegerRange range_of(ConfigType type) {
    if (type == ConfigType::int16) return {INT16_MIN, INT16_MAX};
    if (type == ConfigType::int32) return {INT32_MIN, INT32_MAX};
    return {INT64_MIN, INT64_MAX};
}

std::optional<std::string> integer_complaint(const ConfigDefinition& definition,
                                             std::string_view value) {
    const IntegerRange range = range_of(definition.type);
    const std::optional<std::int64_t> number = parse_integer(value);
    if (!number || *number < range.first || *number > range.last) {
        return fmt::format("{}: '{}' is no whole number of that size", definition.name, value);
    }
    if (*number < definition.bounds.first) {
        return fmt::format("{}: {} is below {}", definition.name, *number, definition.bounds.first);
    }
    if (*number > definition.bounds.last) {
        return fmt::format("{}: {} is above {}", definition.name, *number, definition.bounds.last);
    }
    return std::nullopt;
}

// Decimal numbers, compared by whole and fraction, since core has no floating point. An exponent
// (1.7E308) is for keys without bounds only.
std::optional<std::string> decimal_complaint(const ConfigDefinition& definition,
                                             std::string_view value) {
    std::string_view text = trimmed(value);
    const std::size_t exponent = text.find_first_of("eE");
    const bool has_exponent = exponent != std::string_view::npos &&
                              definition.bounds.last == INT64_MAX &&
                              parse_integer(text.substr(exponent + 1)).has_value();
    if (has_exponent) text = text.substr(0, exponent);
    const std::size_t point = std::min(text.find('.'), text.size());
    const std::string_view whole_text = text.substr(0, point);
    const std::string_view fraction = text.substr(std::min(point + 1, text.size()));
    const bool has_digits = fraction.find_first_not_of("0123456789") == std::string_view::npos;
    const std::optional<std::int64_t> whole =
        whole_text.empty() && !fraction.empty() ? 0 : parse_integer(whole_text);
    if (!whole || !has_digits) {
        return fmt::format("{}: '{}' is no number", definition.name, value);
    }
    const bool has_rest = fraction.find_first_not_of('0') != std::string_view::npos;
    const bool is_negative = whole_text.starts_with('-');
    const bool is_below =
        *whole < definition.bounds.first ||
        (definition.bounds.first == 0 && is_negative && (has_rest || *whole != 0));
    const bool is_above =
        *whole > definition.bounds.last || (*whole == definition.bounds.last && has_rest);
    if (is_below || is_above) {
        return fmt::format("{}: {} is not between {} and {}",
                           definition.name,
                           value,
                           definition.bounds.first,
                           definition.bounds.last);
    }
    return std::nullopt;
}

bool is_allowed(const ConfigBounds& bounds, std::string_view word) {
    return bounds.words.empty() ||
           std::find(bounds.words.begin(), bounds.words.end(), word) != bounds.words.end();
}

std::string allowed_words(const ConfigBounds& bounds) {
    return fmt::format("{}", fmt::join(bounds.words, ", "));
}

std::optional<std::string> list_complaint(const ConfigDefinition& definition,
                                          std::string_view value) {
    std::vector<std::string_view> words = words_of(value);
    for (const std::string_view word : words) {
        if (is_allowed(definition.bounds, word)) continue;
        return fmt::format("{}: '{}' is not one of {}",
                           definition.name,
                           word,
                           allowed_words(definition.bounds));
    }
    std::sort(words.begin(), words.end());
    const bool repeats = std::adjacent_find(words.begin(), words.end()) != words.end();
    if (repeats && !definition.bounds.words.empty()) {
        return fmt::format("{}: '{}' names a word twice", definition.name, value);
    }
    return std::nullopt;
}

// How many milliseconds one unit of a broker key is, by the end of its name.
std::int64_t milliseconds_per_unit(std::string_view key) {
    if (key.ends_with(".hours")) return 3'600'000;
    if (key.ends_with(".minutes")) return 60'000;
    return 1;
}

// The value of broker key `synonym` in the unit of topic key `name`: retention.ms of
// log.retention.hours=1 is 3600000. A negative number of hours means no limit.
std::string in_unit_of(std::string_view name, std::string_view synonym, const std::string& value) {
    const std::int64_t factor = name.ends_with(".ms") ? milliseconds_per_unit(synonym) : 1;
    const std::optional<std::int64_t> number = parse_integer(value);
    if (factor == 1 || !number) return value;
    if (*number < 0) return "-1";
    return std::to_string(*number > INT64_MAX / factor ? INT64_MAX : *number * factor);
}

const std::string* find_value(const ConfigValues& values, std::string_view name) {
    const auto at = values.find(name);
    return at == values.end() ? nullptr : &at->second;
}

// The layers below a topic, from the strongest to the weakest.
class BrokerLayers {
public:
    explicit BrokerLayers(const ConfigLayers& layers)
        : own_(layers.image.configs_of(
              {ConfigResourceType::broker, std::to_string(layers.broker.value())})),
          cluster_(layers.image.configs_of({ConfigResourceType::broker, ""})),
          file_(layers.file) {}

    // Adds what each layer says of `key`, strongest first; not the default.
    void add(std::string_view key, std::vector<ConfigSynonym>& synonyms) const {
        const std::string name(key);
        if (const std::string* value = find_value(own_, key)) {
            synonyms.push_back({name, *value, ConfigSource::dynamic_broker});
        }
        if (const std::string* value = find_value(cluster_, key)) {
            synonyms.push_back({name, *value, ConfigSource::dynamic_default_broker});
        }
        if (const auto at = file_.find(name); at != file_.end()) {
            synonyms.push_back({name, at->second, ConfigSource::static_broker});
        }
    }

private:
    const ConfigValues& own_;
    const ConfigValues& cluster_;
    const StaticConfigs& file_;
};

void add_default(std::string_view key, std::vector<ConfigSynonym>& synonyms) {
    const ConfigDefinition* definition = find_broker_config(key);
    if (definition == nullptr || !definition->default_value) return;
    synonyms.push_back(
        {std::string(key), std::string(*definition->default_value), ConfigSource::default_value});
}

// Hides what must not be told.
ConfigEntry finished(const ConfigDefinition& definition, ConfigEntry entry) {
    entry.name = definition.name;
    entry.type = definition.type;
    entry.is_read_only = definition.scope == ConfigScope::read_only;
    entry.is_sensitive = definition.is_sensitive;
    if (!definition.is_sensitive) return entry;
    entry.value.reset();
    for (ConfigSynonym& synonym : entry.synonyms)
        synonym.value.reset();
    return entry;
}

ConfigEntry describe_topic_key(const ConfigDefinition& definition,
                               const BrokerLayers& broker,
                               const ConfigValues& values) {
    ConfigEntry entry;
    if (const std::string* value = find_value(values, definition.name)) {
        entry.synonyms.push_back(
            {std::string(definition.name), *value, ConfigSource::dynamic_topic});
    }
    for (const std::string_view synonym : definition.synonyms) {
        if (!synonym.empty()) broker.add(synonym, entry.synonyms);
    }
    for (const std::string_view synonym : definition.synonyms) {
        if (!synonym.empty()) add_default(synonym, entry.synonyms);
    }
    if (definition.synonyms[0].empty() && definition.default_value) {
        entry.synonyms.push_back({std::string(definition.name),
                                  std::string(*definition.default_value),
                                  ConfigSource::default_value});
    }
    if (!entry.synonyms.empty() && entry.synonyms.front().source != ConfigSource::default_value) {
        const ConfigSynonym& holds = entry.synonyms.front();
        entry.value = in_unit_of(definition.name, holds.name, *holds.value);
        entry.source = holds.source;
    } else if (definition.default_value) {
        entry.value = std::string(*definition.default_value);
    }
    return finished(definition, std::move(entry));
}

ConfigEntry describe_broker_key(const ConfigDefinition& definition, const BrokerLayers& broker) {
    ConfigEntry entry;
    broker.add(definition.name, entry.synonyms);
    add_default(definition.name, entry.synonyms);
    if (!entry.synonyms.empty()) {
        entry.value = entry.synonyms.front().value;
        entry.source = entry.synonyms.front().source;
    }
    return finished(definition, std::move(entry));
}

std::int64_t number_of(const std::vector<ConfigEntry>& entries, std::string_view name) {
    const auto at = std::lower_bound(
        entries.begin(),
        entries.end(),
        name,
        [](const ConfigEntry& entry, std::string_view key) { return entry.name < key; });
    CHECK(at != entries.end() && at->name == name, "no topic key {}", name);
    const std::optional<std::int64_t> number = at->value ? parse_integer(*at->value) : std::nullopt;
    // What a file says may be wrong; the start of the broker complains, a topic takes the default.
    if (number) return *number;
    const ConfigDefinition* definition = find_topic_config(name);
    return parse_integer(definition->default_value.value_or("0")).value_or(0);
}

std::string text_of(const std::vector<ConfigEntry>& entries, std::string_view name) {
    const auto at = std::find_if(entries.begin(), entries.end(), [&](const ConfigEntry& entry) {
        return entry.name == name;
    });
    return at == entries.end() ? std::string() : at->value.value_or("");
}

}  // namespace

const ConfigDefinition* find_topic_config(std::string_view name) {
    return find_in(topic_config_table(), name);
}

const ConfigDefinition* find_broker_config(std::string_view name) {
    return find_in(broker_config_table(), name);
}

std::optional<std::string> complaint(const ConfigDefinition& definition, std::string_view value) {
    switch (definition.type) {
        case ConfigType::int16:
        case ConfigType::int32:
        case ConfigType::int64:
            return integer_complaint(definition, value);
        case ConfigType::float64:
            return decimal_complaint(definition, value);
        case ConfigType::list:
            return list_complaint(definition, value);
        case ConfigType::boolean:
            if (equals_ignoring_case(trimmed(value), "true")) return std::nullopt;
            if (equals_ignoring_case(trimmed(value), "false")) return std::nullopt;
            return fmt::format("{}: '{}' is neither true nor false", definition.name, value);
        case ConfigType::string:
            if (is_allowed(definition.bounds, value)) return std::nullopt;
            return fmt::format("{}: '{}' is not one of {}",
                               definition.name,
                               value,
                               allowed_words(definition.bounds));
        case ConfigType::class_name:
        case ConfigType::password:
        case ConfigType::unknown:
            return std::nullopt;
    }
    return std::nullopt;
}

std::optional<std::string> topic_config_complaint(const ConfigValues& values) {
    for (const auto& [name, value] : values) {
        const ConfigDefinition* definition = find_topic_config(name);
        if (definition == nullptr) return fmt::format("{}: no topic has such a key", name);
        if (auto sentence = complaint(*definition, value)) return sentence;
    }
    const std::string* remote = find_value(values, "remote.storage.enable");
    if (remote != nullptr && equals_ignoring_case(trimmed(*remote), "true")) {
        return "remote.storage.enable: this broker has no remote storage";
    }
    const std::string* shortest = find_value(values, "min.compaction.lag.ms");
    const std::string* longest = find_value(values, "max.compaction.lag.ms");
    if (shortest != nullptr && longest != nullptr &&
        parse_integer(*shortest).value_or(0) > parse_integer(*longest).value_or(0)) {
        return fmt::format("min.compaction.lag.ms: {} is above max.compaction.lag.ms {}",
                           *shortest,
                           *longest);
    }
    return std::nullopt;
}

std::vector<ConfigEntry> describe_topic(const ConfigLayers& layers, const ConfigValues& values) {
    const BrokerLayers broker(layers);
    std::vector<ConfigEntry> entries;
    entries.reserve(topic_config_table().size());
    for (const ConfigDefinition& definition : topic_config_table())
        entries.push_back(describe_topic_key(definition, broker, values));
    return entries;
}

std::vector<ConfigEntry> describe_topic(const ConfigLayers& layers, std::string_view topic) {
    return describe_topic(layers,
                          layers.image.configs_of({ConfigResourceType::topic, std::string(topic)}));
}

std::vector<ConfigEntry> describe_broker(const ConfigLayers& layers) {
    const BrokerLayers broker(layers);
    std::vector<ConfigEntry> entries;
    entries.reserve(broker_config_table().size());
    for (const ConfigDefinition& definition : broker_config_table())
        entries.push_back(describe_broker_key(definition, broker));
    return entries;
}

std::vector<ConfigEntry> describe_default_broker(const ConfigLayers& layers) {
    std::vector<ConfigEntry> entries;
    for (const auto& [name, value] : layers.image.configs_of({ConfigResourceType::broker, ""})) {
        const ConfigSource source = ConfigSource::dynamic_default_broker;
        const ConfigEntry entry{.name = name,
                                .value = value,
                                .source = source,
                                .synonyms = {{name, value, source}}};
        const ConfigDefinition* definition = find_broker_config(name);
        // A key that nobody knows may hold a secret.
        ConfigDefinition unknown;
        unknown.is_sensitive = true;
        entries.push_back(finished(definition == nullptr ? unknown : *definition, entry));
        entries.back().name = name;
    }
    return entries;
}

namespace {

std::string topic_value(const ConfigLayers& layers, std::string_view topic, std::string_view key) {
    const ConfigDefinition* definition = find_topic_config(key);
    CHECK(definition != nullptr, "{} is no key of a topic", key);
    const auto& values = layers.image.configs_of({ConfigResourceType::topic, std::string(topic)});
    return describe_topic_key(*definition, BrokerLayers(layers), values).value.value_or("");
}

}  // namespace

std::int64_t topic_number(const ConfigLayers& layers,
                          std::string_view topic,
                          std::string_view key) {
    return parse_integer(topic_value(layers, topic, key)).value_or(0);
}

bool topic_flag(const ConfigLayers& layers, std::string_view topic, std::string_view key) {
    return equals_ignoring_case(trimmed(topic_value(layers, topic, key)), "true");
}

TopicSettings topic_settings(const ConfigLayers& layers, std::string_view topic) {
    const std::vector<ConfigEntry> entries = describe_topic(layers, topic);
    const auto number = [&](std::string_view name) { return number_of(entries, name); };
    const std::string policy = text_of(entries, "cleanup.policy");
    const std::vector<std::string_view> policies = words_of(policy);
    const auto has_policy = [&](std::string_view word) {
        return std::find(policies.begin(), policies.end(), word) != policies.end();
    };
    return {.is_deleting = has_policy("delete"),
            .is_compacting = has_policy("compact"),
            .compression_type = text_of(entries, "compression.type"),
            .timestamp_type = text_of(entries, "message.timestamp.type") == "LogAppendTime"
                                  ? TimestampType::log_append_time
                                  : TimestampType::create_time,
            .timestamp_before_max_ms = number("message.timestamp.before.max.ms"),
            .timestamp_after_max_ms = number("message.timestamp.after.max.ms"),
            .message_bytes_max = number("max.message.bytes"),
            .min_insync_replicas = number("min.insync.replicas"),
            .flush_messages = number("flush.messages"),
            .flush_ms = number("flush.ms"),
            .segment_bytes = number("segment.bytes"),
            .segment_ms = number("segment.ms"),
            .segment_jitter_ms = number("segment.jitter.ms"),
            .segment_index_bytes = number("segment.index.bytes"),
            .index_interval_bytes = number("index.interval.bytes"),
            .retention_ms = number("retention.ms"),
            .retention_bytes = number("retention.bytes"),
            .file_delete_delay_ms = number("file.delete.delay.ms"),
            .preallocate = equals_ignoring_case(text_of(entries, "preallocate"), "true")};
}

}  // namespace glasslog::metadata
