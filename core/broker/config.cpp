#include "core/broker/config.hpp"

#include "core/metadata/configs.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace glasslog::broker {
namespace {

struct NumberOption {
    std::string_view key;
    std::int64_t Config::*member;  // nullptr: only checked here
    std::int64_t low;
    std::int64_t high;
};

struct DurationOption {
    std::string_view key;
    Duration& (*member)(Config&);
    std::int64_t low_ms = 1;
};

struct FlagOption {
    std::string_view key;
    bool Config::*member;
};

constexpr std::array numbers{
    NumberOption{"socket.request.max.bytes", &Config::request_bytes_max, 1, INT32_MAX},
    NumberOption{"max.connections", &Config::connection_count_max, 0, INT32_MAX},
    NumberOption{"queued.max.request.bytes", &Config::queued_request_bytes_max, -1, INT64_MAX},
    NumberOption{"num.partitions", nullptr, 1, INT32_MAX},
    NumberOption{"default.replication.factor", nullptr, 1, INT16_MAX},
    NumberOption{"fetch.max.bytes", &Config::fetch_bytes_max, 1024, INT32_MAX},
    NumberOption{
        "max.request.partition.size.limit", &Config::describe_partitions_max, 1, INT32_MAX},
    NumberOption{"producer.id.expiration.ms", &Config::producer_id_expiration_ms, 1, INT32_MAX},
    NumberOption{"glasslog.reactors", &Config::reactor_count, 1, 64},
};

// 0 where Kafka, or this key's description, lets it switch something off.
constexpr std::array durations{
    DurationOption{"connections.max.idle.ms",
                   [](Config& config) -> Duration& { return config.connection_idle_max; }},
    DurationOption{"log.retention.check.interval.ms",
                   [](Config& config) -> Duration& { return config.retention_check_interval; }},
    DurationOption{
        "replica.high.watermark.checkpoint.interval.ms",
        [](Config& config) -> Duration& { return config.high_watermark_checkpoint_interval; }},
    DurationOption{
        "log.flush.offset.checkpoint.interval.ms",
        [](Config& config) -> Duration& { return config.recovery_point_checkpoint_interval; }},
    DurationOption{
        "log.flush.start.offset.checkpoint.interval.ms",
        [](Config& config) -> Duration& { return config.log_start_checkpoint_interval; }},
    DurationOption{"broker.heartbeat.interval.ms",
                   [](Config& config) -> Duration& { return config.life.heartbeat_interval; }},
    DurationOption{"broker.session.timeout.ms",
                   [](Config& config) -> Duration& { return config.life.session_timeout; }},
    DurationOption{"initial.broker.registration.timeout.ms",
                   [](Config& config) -> Duration& { return config.life.registration_timeout; }},
    DurationOption{
        "controller.quorum.election.timeout.ms",
        [](Config& config) -> Duration& { return config.quorum.timing.election_timeout; }},
    DurationOption{"controller.quorum.fetch.timeout.ms",
                   [](Config& config) -> Duration& { return config.quorum.timing.fetch_timeout; }},
    DurationOption{
        "controller.quorum.request.timeout.ms",
        [](Config& config) -> Duration& { return config.quorum.timing.request_timeout; }},
    DurationOption{"controller.quorum.retry.backoff.ms",
                   [](Config& config) -> Duration& { return config.quorum.timing.retry_backoff; }},
    DurationOption{
        "controller.quorum.election.backoff.max.ms",
        [](Config& config) -> Duration& { return config.quorum.timing.election_backoff_max; }},
    DurationOption{
        "glasslog.quorum.fast.election.ms",
        [](Config& config) -> Duration& { return config.quorum.timing.fast_election_delay_max; },
        0},
    DurationOption{"metadata.log.max.snapshot.interval.ms",
                   [](Config& config) -> Duration& { return config.quorum.snapshot_after; },
                   0},
    DurationOption{"metadata.max.idle.interval.ms",
                   [](Config& config) -> Duration& { return config.quorum.idle_interval; },
                   0},
};

constexpr std::array flags{
    FlagOption{"auto.create.topics.enable", &Config::auto_create_topics},
    FlagOption{"delete.topic.enable", &Config::delete_topics},
    FlagOption{"glasslog.fast.fence", &Config::fences_fast},
};

// A day in milliseconds times 25: what fits an int32 of milliseconds, Kafka's own bound.
constexpr std::int64_t interval_ms_max = INT32_MAX;

std::string_view trim(std::string_view text) {
    const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\f'; };
    while (!text.empty() && is_blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back()))
        text.remove_suffix(1);
    return text;
}

std::optional<std::int64_t> to_number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

Expected<std::int64_t, InputError> number_in(const std::string& where,
                                             const std::string& key,
                                             const std::string& value,
                                             std::pair<std::int64_t, std::int64_t> bounds) {
    const auto number = to_number(value);
    if (number && *number >= bounds.first && *number <= bounds.second) return *number;
    return Unexpected{InputError{where,
                                 fmt::format("{}={} cannot be used", key, value),
                                 fmt::format("a number from {} to {}", bounds.first, bounds.second),
                                 "leave the key out to get its default"}};
}

// Whatever Kafka knows, also what only a topic uses: an unusable default would come to light when
// the first topic takes it.
Expected<void, InputError> check_known_keys(const std::string& where, const Config& config) {
    for (const auto& [key, value] : config.properties) {
        const metadata::ConfigDefinition* definition = metadata::find_broker_config(key);
        if (definition == nullptr) continue;
        if (const auto complaint = metadata::complaint(*definition, value)) {
            return Unexpected{
                InputError{where,
                           fmt::format("{}={} cannot be used: {}", key, value, *complaint),
                           {},
                           "leave the key out to get its default"}};
        }
    }
    return {};
}

Expected<void, InputError> read_plain_options(const std::string& where, Config& config) {
    for (const auto& [key, value] : config.properties) {
        for (const NumberOption& option : numbers) {
            if (option.key != key) continue;
            const auto number = TRY(number_in(where, key, value, {option.low, option.high}));
            if (option.member != nullptr) config.*option.member = number;
        }
        for (const DurationOption& option : durations) {
            if (option.key != key) continue;
            const auto ms = TRY(number_in(where, key, value, {option.low_ms, interval_ms_max}));
            option.member(config) = Duration::milliseconds(ms);
        }
        for (const FlagOption& option : flags) {
            if (option.key != key) continue;
            if (value != "true" && value != "false") {
                return Unexpected{InputError{where,
                                             fmt::format("{}={} cannot be used", key, value),
                                             "true or false",
                                             {}}};
            }
            config.*option.member = value == "true";
        }
    }
    TRY(check_known_keys(where, config));
    if (config.queued_request_bytes_max < 0) {
        config.queued_request_bytes_max = Config().queued_request_bytes_max;
    }
    return {};
}

const std::string* find(const Properties& properties, const std::string& key) {
    const auto found = properties.find(key);
    return found == properties.end() ? nullptr : &found->second;
}

Expected<void, InputError> read_identity(const std::string& where, Config& config) {
    for (const char* key : {"broker.id", "node.id"}) {
        const std::string* text = find(config.properties, key);
        if (text == nullptr) continue;
        const auto number = TRY(number_in(where, key, *text, {0, INT32_MAX}));
        config.node_id = NodeId(static_cast<std::int32_t>(number));
    }
    for (const char* key : {"log.dir", "log.dirs"}) {
        const std::string* text = find(config.properties, key);
        if (text == nullptr) continue;
        const auto directories = split_list(*text, ',');
        if (directories.size() != 1) {
            return Unexpected{InputError{where,
                                         fmt::format("{}={} cannot be used", key, *text),
                                         "one directory",
                                         "several log directories are not supported yet"}};
        }
        config.log_directory = std::string(directories.front());
    }
    return {};
}

// The security protocol of every listener must be PLAINTEXT: nothing else is spoken yet.
Expected<void, InputError> check_security(const std::string& where, const Config& config) {
    const std::string* map = find(config.properties, "listener.security.protocol.map");
    std::map<std::string, std::string, std::less<>> protocol_of;
    for (const std::string_view pair :
         split_list(map == nullptr ? std::string_view() : *map, ',')) {
        const std::size_t colon = std::min(pair.find(':'), pair.size() - 1);
        protocol_of[std::string(pair.substr(0, colon))] = std::string(pair.substr(colon + 1));
    }
    std::vector<ListenerAddress> all = config.listeners;
    all.insert(all.end(), config.quorum.listeners.begin(), config.quorum.listeners.end());
    for (const ListenerAddress& listener : all) {
        const auto found = protocol_of.find(listener.bind.name);
        const std::string& protocol =
            found == protocol_of.end() ? listener.bind.name : found->second;
        const bool encrypted = protocol == "SSL" || protocol.starts_with("SASL");
        if (!encrypted) continue;
        return Unexpected{
            InputError{where,
                       fmt::format("listener {} asks for {}", listener.bind.name, protocol),
                       "PLAINTEXT",
                       "TLS and SASL are not supported yet"}};
    }
    return {};
}

void advertise(std::vector<ListenerAddress>& listeners, const runtime::ListenerConfig& as) {
    for (ListenerAddress& listener : listeners) {
        if (listener.bind.name == as.name) listener.advertised = as.endpoint;
    }
}

Expected<void, InputError> read_listeners(const std::string& where, Config& config) {
    const std::string* text = find(config.properties, "listeners");
    const char* fallback =
        config.roles.is_broker ? "PLAINTEXT://127.0.0.1:9092" : "CONTROLLER://127.0.0.1:9093";
    const std::string value = text == nullptr ? fallback : *text;
    const std::string* names = find(config.properties, "controller.listener.names");
    const auto controller_names = split_list(names == nullptr ? std::string_view() : *names, ',');
    for (const std::string_view part : split_list(value, ',')) {
        const auto bind = TRY(parse_listener(part, where + ": listeners"));
        runtime::Endpoint advertised = bind.endpoint;
        if (advertised.host.empty() || advertised.host == "0.0.0.0") advertised.host = "127.0.0.1";
        const bool is_controllers = std::ranges::count(controller_names, bind.name) > 0;
        auto& group = is_controllers ? config.quorum.listeners : config.listeners;
        group.push_back({bind, advertised});
    }
    const std::string* advertised = find(config.properties, "advertised.listeners");
    for (const std::string_view part :
         split_list(advertised == nullptr ? std::string_view() : *advertised, ',')) {
        const auto parsed = TRY(parse_listener(part, where + ": advertised.listeners"));
        advertise(config.listeners, parsed);
        advertise(config.quorum.listeners, parsed);
    }
    if (config.listeners.empty() && config.roles.is_broker) {
        return Unexpected{InputError{where,
                                     fmt::format("listeners={} has none for clients", value),
                                     "NAME://HOST:PORT",
                                     "for example listeners=PLAINTEXT://127.0.0.1:9092"}};
    }
    return check_security(where, config);
}

// A controller needs a listener of its own, unless it is alone in its process and its quorum.
Expected<void, InputError> check_roles(const std::string& where, const Config& config) {
    const auto refuse = [&](std::string what, std::string hint) {
        return Unexpected{InputError{where, std::move(what), {}, std::move(hint)}};
    };
    if (find(config.properties, "process.roles") == nullptr) return {};
    if (config.quorum.listener_name.empty()) {
        return refuse("process.roles is given without controller.listener.names",
                      "for example controller.listener.names=CONTROLLER");
    }
    if (config.roles.is_controller && config.quorum.listeners.empty()) {
        return refuse(fmt::format("no listener is called {}", config.quorum.listener_name),
                      "a controller needs one: add it to listeners, for example "
                      "CONTROLLER://127.0.0.1:9093");
    }
    if (!config.roles.is_controller && !config.quorum.listeners.empty()) {
        return refuse(fmt::format("a broker that is no controller cannot listen as {}",
                                  config.quorum.listener_name),
                      "take it out of listeners, or add controller to process.roles");
    }
    if (!config.roles.is_broker && !config.listeners.empty()) {
        return refuse(fmt::format("a controller that is no broker cannot listen as {}",
                                  config.listeners.front().bind.name),
                      "take it out of listeners, or add broker to process.roles");
    }
    const bool knows_quorum =
        !config.quorum.bootstrap_servers.empty() || !config.quorum.voters.empty();
    if (!config.roles.is_controller && !knows_quorum) {
        return refuse("a broker that is no controller must know where one listens",
                      "set controller.quorum.bootstrap.servers=HOST:PORT,…");
    }
    return {};
}

}  // namespace

std::vector<std::string_view> split_list(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(separator), text.size());
        if (const auto part = trim(text.substr(0, end)); !part.empty()) parts.push_back(part);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

Expected<Properties, InputError> parse_properties(std::string_view text, const std::string& where) {
    Properties properties;
    std::string logical;
    std::size_t line_number = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = trim(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        ++line_number;
        const bool is_comment = line.empty() || line.front() == '#' || line.front() == '!';
        if (logical.empty() && is_comment) continue;
        logical += line;
        if (logical.ends_with('\\')) {
            logical.pop_back();
            continue;
        }
        const std::size_t separator = logical.find_first_of("=:");
        const std::string_view whole = logical;
        const std::string_view key = trim(whole.substr(0, std::min(separator, whole.size())));
        if (separator == std::string::npos || key.empty()) {
            return Unexpected{InputError{fmt::format("{}:{}", where, line_number),
                                         fmt::format("'{}' is no property", logical),
                                         "key=value",
                                         {}}};
        }
        properties[std::string(key)] = std::string(trim(whole.substr(separator + 1)));
        logical.clear();
    }
    return properties;
}

Expected<runtime::ListenerConfig, InputError> parse_listener(std::string_view text,
                                                             const std::string& where) {
    runtime::ListenerConfig listener;
    std::string_view rest = trim(text);
    const std::size_t scheme = rest.find("://");
    listener.name =
        scheme == std::string_view::npos ? "PLAINTEXT" : std::string(rest.substr(0, scheme));
    if (scheme != std::string_view::npos) rest.remove_prefix(scheme + 3);
    const std::size_t colon = rest.rfind(':');
    const auto port =
        colon == std::string_view::npos ? std::nullopt : to_number(rest.substr(colon + 1));
    if (!port || *port < 0 || *port > 65535) {
        return Unexpected{InputError{where,
                                     fmt::format("'{}' is no listener", text),
                                     "HOST:PORT or NAME://HOST:PORT",
                                     "for example 127.0.0.1:9092; port 0 takes any free one"}};
    }
    std::string_view host = rest.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    listener.endpoint = {std::string(host),
                         static_cast<std::uint16_t>(*port),
                         runtime::Security::plaintext};
    return listener;
}

std::vector<std::string> unknown_keys(const Config& config) {
    const auto is_of = [](const std::string& key, const auto& options) {
        return std::any_of(options.begin(), options.end(), [&](const auto& option) {
            return option.key == key;
        });
    };
    std::vector<std::string> unknown;
    for (const auto& [key, value] : config.properties) {
        const bool is_known = metadata::find_broker_config(key) != nullptr || is_of(key, numbers) ||
                              is_of(key, durations) || is_of(key, flags) ||
                              key.starts_with("listener.name.");
        if (!is_known) unknown.push_back(key);
    }
    return unknown;
}

Expected<Config, InputError> config_from(Properties properties, const std::string& where) {
    Config config;
    config.properties = std::move(properties);
    TRY(read_plain_options(where, config));
    TRY(read_identity(where, config));
    TRY(read_quorum(where, config));
    TRY(read_listeners(where, config));
    TRY(check_roles(where, config));
    return config;
}

}  // namespace glasslog::broker
