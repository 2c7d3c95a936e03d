#pragma once

// What verbs that talk to a cluster share: their flags, a node to run on, and waiting for answers.

#include "core/cli/exit_code.hpp"
#include "core/client/cluster.hpp"
#include "core/os/os_node.hpp"

#include <CLI/CLI.hpp>

#include <optional>
#include <string>
#include <utility>

namespace glasslog::cli {

struct ClientFlags {
    std::string bootstrap = "127.0.0.1:9092";
    std::int64_t timeout_ms = 5000;  // of one request
};

// --bootstrap-server and --request-timeout.
void add_client_flags(CLI::App& verb, ClientFlags& flags);

Expected<client::ClusterConfig, InputError> cluster_config(const ClientFlags& flags);

// One reactor on the calling thread.
class Session {
public:
    explicit Session(client::ClusterConfig config);

    runtime::Runtime runtime() { return node_.runtimes().front(); }

    const client::ClusterConfig& config() const { return config_; }

    os::OsNode& node() { return node_; }

    // Runs until `ask` has its answer.
    template <typename T, typename Ask>
    Expected<T, client::ClientError> wait(Ask ask) {
        std::optional<Expected<T, client::ClientError>> answer;
        ask([&answer](Expected<T, client::ClientError> given) {
            answer.emplace(std::move(given));
        });
        const bool is_answered = node_.run_until([&answer] { return answer.has_value(); });
        if (is_answered) return std::move(*answer);
        return Unexpected{
            client::ClientError{.cause = client::Cause::closed, .detail = "interrupted"}};
    }

private:
    os::OsNode node_;
    client::ClusterConfig config_;
};

// To standard error: what failed, why, and what to do about it.
ExitCode fail(const std::string& verb, const client::ClientError& error, const ClientFlags& flags);
ExitCode complain(const std::string& verb, const InputError& error);

// A file that was named and cannot be read: its path once.
InputError unreadable(const IoError& error, const std::string& expected);

}  // namespace glasslog::cli
