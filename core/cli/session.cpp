#include "core/cli/session.hpp"

#include "core/broker/config.hpp"

#include <fmt/format.h>

#include <string_view>

namespace glasslog::cli {
namespace {

std::string advice(const client::ClientError& error, const ClientFlags& flags) {
    using protocol::WireError;
    if (error.cause == client::Cause::unreachable) {
        return fmt::format(
            "is a broker running at {}? start one with: glasslog broker --data DIR "
            "--listen {}",
            flags.bootstrap,
            flags.bootstrap);
    }
    if (error.cause == client::Cause::timed_out) return "give more time with --request-timeout MS";
    if (error.code == WireError::unknown_topic_or_partition) {
        return "see what there is with: glasslog topic list; make one with: glasslog topic create "
               "NAME";
    }
    if (error.code == WireError::topic_already_exists) return "--if-not-exists makes this no error";
    if (error.code == WireError::invalid_replication_factor)
        return "lower --replication-factor: topics of this build have one replica";
    if (error.code == WireError::not_controller) {
        return "no controller leads: is a majority of the controllers running? see: glasslog "
               "quorum describe";
    }
    return {};
}

}  // namespace

void add_client_flags(CLI::App& verb, ClientFlags& flags) {
    verb.add_option("--bootstrap-server,-b",
                    flags.bootstrap,
                    "HOST:PORT of one or more brokers, separated by commas")
        ->capture_default_str();
    verb.add_option("--request-timeout",
                    flags.timeout_ms,
                    "Milliseconds to wait for an answer, with repeats")
        ->capture_default_str()
        ->check(CLI::Range(1, 3'600'000));
}

Expected<client::ClusterConfig, InputError> cluster_config(const ClientFlags& flags) {
    client::ClusterConfig config;
    config.client_id = "glasslog-cli";
    config.request_timeout = Duration::milliseconds(flags.timeout_ms);
    std::string_view rest = flags.bootstrap;
    while (!rest.empty()) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        const auto one = TRY(broker::parse_listener(rest.substr(0, comma), "--bootstrap-server"));
        config.bootstrap.push_back(one.endpoint);
        if (config.bootstrap.back().host.empty()) config.bootstrap.back().host = "127.0.0.1";
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    if (!config.bootstrap.empty()) return config;
    return Unexpected{InputError{"--bootstrap-server", "no endpoint", "HOST:PORT", {}}};
}

Session::Session(client::ClusterConfig config)
    : node_(os::OsNodeConfig{.reactors = 1, .worker_threads = 1}), config_(std::move(config)) {}

ExitCode fail(const std::string& verb, const client::ClientError& error, const ClientFlags& flags) {
    if (error.cause == client::Cause::closed) return ExitCode::interrupted;
    fmt::print(stderr, "glasslog {}: {}\n", verb, error.text());
    const std::string hint = advice(error, flags);
    if (!hint.empty()) fmt::print(stderr, "  {}\n", hint);
    return ExitCode::failed;
}

InputError unreadable(const IoError& error, const std::string& expected) {
    std::string what = error.text();
    if (what.starts_with(error.subject + ": ")) what.erase(0, error.subject.size() + 2);
    return InputError{error.subject, what, expected, {}};
}

ExitCode complain(const std::string& verb, const InputError& error) {
    fmt::print(stderr, "glasslog {}: {}\n", verb, error.text());
    return ExitCode::unusable;
}

}  // namespace glasslog::cli
