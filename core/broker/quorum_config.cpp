// process.roles and the keys of the quorum.

#include "core/broker/config.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace glasslog::broker {

namespace {

const std::string* find(const Config& config, const char* key) {
    const auto found = config.properties.find(key);
    return found == config.properties.end() ? nullptr : &found->second;
}

InputError unusable(const std::string& where, const std::string& key, const std::string& value) {
    return {where, fmt::format("{}={} cannot be used", key, value), {}, {}};
}

Expected<Roles, InputError> roles_from(const std::string& where, const std::string& text) {
    Roles roles{false, false};
    for (const std::string_view role : split_list(text, ',')) {
        bool& flag = role == "broker" ? roles.is_broker : roles.is_controller;
        const bool is_known = role == "broker" || role == "controller";
        if (!is_known || flag) {
            InputError error = unusable(where, "process.roles", text);
            error.expected = "broker, controller or broker,controller";
            return Unexpected{std::move(error)};
        }
        flag = true;
    }
    if (roles.is_broker || roles.is_controller) return roles;
    InputError error = unusable(where, "process.roles", text);
    error.expected = "broker, controller or broker,controller";
    error.hint = "ZooKeeper mode is not there yet; leave the key out for a node that is both";
    return Unexpected{std::move(error)};
}

Expected<runtime::Endpoint, InputError> endpoint_from(const std::string& where,
                                                      std::string_view text) {
    const auto listener = TRY(parse_listener(text, where));
    if (listener.endpoint.port == 0 || listener.endpoint.host.empty()) {
        return Unexpected{InputError{where,
                                     fmt::format("'{}' is no address to connect to", text),
                                     "HOST:PORT",
                                     {}}};
    }
    return listener.endpoint;
}

Expected<ConfiguredVoter, InputError> voter_from(const std::string& where, std::string_view text) {
    const std::size_t at = text.find('@');
    std::int32_t id = -1;
    if (at != std::string_view::npos) {
        const auto [end, error] = std::from_chars(text.data(), text.data() + at, id);
        if (error != std::errc() || end != text.data() + at) id = -1;
    }
    if (id < 0) {
        return Unexpected{InputError{where,
                                     fmt::format("'{}' is no voter", text),
                                     "ID@HOST:PORT",
                                     "for example 1@127.0.0.1:9093,2@127.0.0.1:9094"}};
    }
    return ConfiguredVoter{NodeId(id), TRY(endpoint_from(where, text.substr(at + 1)))};
}

Expected<std::int64_t, InputError> bytes_from(const std::string& where,
                                              const Config& config,
                                              const char* key,
                                              std::int64_t fallback) {
    const std::string* text = find(config, key);
    if (text == nullptr) return fallback;
    std::int64_t value = 0;
    const char* last = text->data() + text->size();
    const auto [end, error] = std::from_chars(text->data(), last, value);
    if (error == std::errc() && end == last && value > 0 && value <= INT32_MAX) return value;
    InputError refusal = unusable(where, key, *text);
    refusal.expected = fmt::format("a number of bytes from 1 to {}", INT32_MAX);
    return Unexpected{std::move(refusal)};
}

Expected<void, InputError> read_voters(const std::string& where, Config& config) {
    if (const std::string* text = find(config, "controller.quorum.bootstrap.servers")) {
        const std::string key = where + ": controller.quorum.bootstrap.servers";
        for (const std::string_view part : split_list(*text, ','))
            config.quorum.bootstrap_servers.push_back(TRY(endpoint_from(key, part)));
    }
    const std::string* text = find(config, "controller.quorum.voters");
    if (text == nullptr) return {};
    const std::string key = where + ": controller.quorum.voters";
    for (const std::string_view part : split_list(*text, ',')) {
        const ConfiguredVoter voter = TRY(voter_from(key, part));
        const bool is_twice =
            std::ranges::any_of(config.quorum.voters,
                                [&](const ConfiguredVoter& one) { return one.id == voter.id; });
        if (is_twice) {
            return Unexpected{
                InputError{key, fmt::format("voter {} stands there twice", voter.id)}};
        }
        config.quorum.voters.push_back(voter);
    }
    const bool is_voter =
        std::ranges::any_of(config.quorum.voters,
                            [&](const ConfiguredVoter& one) { return one.id == config.node_id; });
    if (config.quorum.voters.empty() || is_voter == config.roles.is_controller) return {};
    return Unexpected{
        InputError{key,
                   fmt::format("node {} is {} controller by process.roles, and {} voter here",
                               config.node_id,
                               config.roles.is_controller ? "a" : "no",
                               is_voter ? "a" : "no"),
                   {},
                   "a static quorum's controllers are exactly its voters"}};
}

}  // namespace

Expected<void, InputError> read_quorum(const std::string& where, Config& config) {
    QuorumConfig& quorum = config.quorum;
    if (const std::string* text = find(config, "process.roles")) {
        config.roles = TRY(roles_from(where, *text));
    }
    if (const std::string* text = find(config, "controller.listener.names")) {
        const auto names = split_list(*text, ',');
        if (!names.empty()) quorum.listener_name = std::string(names.front());
    }
    if (const std::string* text = find(config, "controller.quorum.auto.join.enable")) {
        quorum.joins_by_itself = *text == "true";
    }
    quorum.fetch_bytes_max =
        TRY(bytes_from(where, config, "controller.quorum.fetch.max.bytes", quorum.fetch_bytes_max));
    quorum.snapshot_bytes_max = TRY(bytes_from(where,
                                               config,
                                               "controller.quorum.fetch.snapshot.max.bytes",
                                               quorum.snapshot_bytes_max));
    quorum.snapshot_after_bytes = TRY(bytes_from(where,
                                                 config,
                                                 "metadata.log.max.record.bytes.between.snapshots",
                                                 quorum.snapshot_after_bytes));
    return read_voters(where, config);
}

}  // namespace glasslog::broker
