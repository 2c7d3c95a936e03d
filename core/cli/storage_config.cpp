#include "core/cli/storage_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace glasslog::cli {
namespace {

constexpr protocol::VotersRecord::VersionFeature kraft_versions{0, 1};

std::string_view trim(std::string_view text) {
    const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && is_blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back()))
        text.remove_suffix(1);
    return text;
}

// The parts between commas; empty ones are left out.
std::vector<std::string> parts_of(std::string_view text) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(','), text.size());
        if (const auto part = trim(text.substr(0, end)); !part.empty()) parts.emplace_back(part);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

std::string value_of(const broker::Properties& properties, const char* key) {
    const auto found = properties.find(key);
    return found == properties.end() ? std::string() : found->second;
}

template <typename Number>
std::optional<Number> number_of(std::string_view text) {
    Number value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool is_whole = error == std::errc() && end == text.data() + text.size();
    return is_whole && !text.empty() ? std::optional(value) : std::nullopt;
}

Expected<NodeId, InputError> node_of(const broker::Properties& properties,
                                     const std::string& where) {
    for (const char* key : {"node.id", "broker.id"}) {
        const std::string text = value_of(properties, key);
        if (text.empty()) continue;
        const auto number = number_of<std::int32_t>(text);
        if (number && *number >= 0) return NodeId(*number);
        return Unexpected{InputError{where,
                                     fmt::format("{}={} cannot be used", key, text),
                                     "a number from 0 on",
                                     {}}};
    }
    return NodeId(1);
}

Expected<bool, InputError> controls(const broker::Properties& properties,
                                    const std::string& where) {
    const std::vector<std::string> roles = parts_of(value_of(properties, "process.roles"));
    for (const std::string& role : roles) {
        if (role == "broker" || role == "controller") continue;
        return Unexpected{InputError{where,
                                     fmt::format("process.roles has '{}'", role),
                                     "broker, controller or both",
                                     {}}};
    }
    return roles.empty() || std::ranges::count(roles, "controller") > 0;
}

Expected<void, InputError> read_endpoint(const broker::Properties& properties,
                                         const std::string& where,
                                         StorageConfig& config) {
    const auto names = parts_of(value_of(properties, "controller.listener.names"));
    if (names.empty()) return {};
    config.controller_listener = names.front();
    for (const char* key : {"listeners", "advertised.listeners"}) {
        for (const std::string& part : parts_of(value_of(properties, key))) {
            const auto listener =
                TRY(broker::parse_listener(part, fmt::format("{}: {}", where, key)));
            if (listener.name != config.controller_listener) continue;
            const bool is_any = listener.endpoint.host.empty();
            config.controller_endpoint = {listener.name,
                                          is_any ? "localhost" : listener.endpoint.host,
                                          listener.endpoint.port};
        }
    }
    return {};
}

InputError no_controller(std::string_view text, const std::string& what) {
    return {"--initial-controllers",
            fmt::format("'{}': {}", text, what),
            "ID@HOST:PORT:DIRECTORY-ID, separated by commas",
            "for example 1@127.0.0.1:9093:JEXY6aqzQY-32P5TStzaFg; `glasslog storage random-uuid` "
            "makes a directory id"};
}

Expected<protocol::VotersRecord::Voter, InputError> parse_controller(std::string_view text,
                                                                     const std::string& listener) {
    const std::size_t at = text.find('@');
    const std::size_t last = text.rfind(':');
    if (at == std::string_view::npos) return Unexpected{no_controller(text, "no @ behind the id")};
    if (last == std::string_view::npos || last < at) {
        return Unexpected{no_controller(text, "no port and directory id")};
    }
    const auto id = number_of<std::int32_t>(text.substr(0, at));
    if (!id || *id < 0) return Unexpected{no_controller(text, "the id is no number")};
    const std::string_view address = text.substr(at + 1, last - at - 1);
    const std::size_t colon = address.rfind(':');
    if (colon == std::string_view::npos || colon == 0) {
        return Unexpected{no_controller(text, "no host, port and directory id")};
    }
    const auto port = number_of<std::uint16_t>(address.substr(colon + 1));
    if (!port || *port == 0) {
        return Unexpected{no_controller(text, "the port is no number from 1 to 65535")};
    }
    const auto directory = Uuid::parse(text.substr(last + 1));
    if (!directory || directory->is_zero()) {
        return Unexpected{no_controller(text, "the directory id is none")};
    }
    std::string_view host = address.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    return protocol::VotersRecord::Voter{NodeId(*id),
                                         *directory,
                                         {{listener, std::string(host), *port}},
                                         kraft_versions};
}

}  // namespace

std::vector<std::string> StorageConfig::directories() const {
    std::vector<std::string> all{metadata};
    all.insert(all.end(), data.begin(), data.end());
    return all;
}

Expected<StorageConfig, InputError> storage_config_from(const broker::Properties& properties,
                                                        const std::string& where) {
    StorageConfig config;
    config.node = TRY(node_of(properties, where));
    config.is_controller = TRY(controls(properties, where));
    config.data = parts_of(value_of(properties, "log.dirs"));
    if (config.data.empty()) config.data = parts_of(value_of(properties, "log.dir"));
    if (config.data.empty()) {
        return Unexpected{InputError{where,
                                     "no data directory",
                                     "log.dirs=DIRECTORY, several separated by commas",
                                     {}}};
    }
    config.metadata = value_of(properties, "metadata.log.dir");
    if (config.metadata.empty()) config.metadata = config.data.front();
    std::erase(config.data, config.metadata);
    config.has_configured_voters = !value_of(properties, "controller.quorum.voters").empty();
    TRY(read_endpoint(properties, where, config));
    return config;
}

Expected<protocol::VotersRecord, InputError> parse_initial_controllers(
    std::string_view text, const std::string& listener) {
    protocol::VotersRecord voters;
    for (const std::string& part : parts_of(text)) {
        auto voter = TRY(parse_controller(part, listener));
        const bool is_there = std::ranges::count(voters.voters,
                                                 voter.voter_id,
                                                 &protocol::VotersRecord::Voter::voter_id);
        if (is_there) return Unexpected{no_controller(part, "its id stands there twice")};
        voters.voters.push_back(std::move(voter));
    }
    if (voters.voters.empty()) return Unexpected{no_controller(text, "nobody")};
    std::ranges::sort(voters.voters, {}, &protocol::VotersRecord::Voter::voter_id);
    return voters;
}

Expected<metadata::FeatureLevels, InputError> parse_features(
    const std::vector<std::string>& features) {
    metadata::FeatureLevels levels;
    for (const std::string& text : features) {
        const std::size_t sign = std::min(text.find('='), text.size());
        const auto level =
            number_of<std::int16_t>(std::string_view(text).substr(std::min(sign + 1, text.size())));
        const bool is_new = level && levels.emplace(text.substr(0, sign), *level).second;
        if (!is_new) {
            return Unexpected{InputError{
                "--feature",
                fmt::format("'{}' {}", text, level ? "stands there twice" : "is no level"),
                "NAME=LEVEL",
                "for example transaction.version=2"}};
        }
    }
    return levels;
}

}  // namespace glasslog::cli
