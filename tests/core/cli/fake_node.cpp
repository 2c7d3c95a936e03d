// fake_node broker --config FILE: a node as `glasslog up` sees it, without a log: it listens where
// its server.properties says, answers ApiVersions, and the first controller leads the quorum. A
// file `fail` beside the configuration makes it end at once; one named `hang` makes it deaf to
// SIGTERM.

#include "core/broker/config.hpp"
#include "core/os/os_node.hpp"
#include "core/os/process.hpp"
#include "tests/core/client/fake_controller.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <span>
#include <string>

namespace glasslog {
namespace {

// Voters are where controller.quorum.bootstrap.servers says; ports and ids count alike.
client::FakeQuorum quorum_of(const broker::Config& config) {
    client::FakeQuorum quorum;
    if (config.quorum.listeners.empty()) return quorum;
    const std::int32_t port_of_zero =
        config.quorum.listeners.front().advertised.port - config.node_id.value();
    for (const runtime::Endpoint& endpoint : config.quorum.bootstrap_servers)
        quorum.voters[NodeId(endpoint.port - port_of_zero)] = endpoint;
    quorum.leader = quorum.voters.begin()->first;
    return quorum;
}

int serve(const broker::Config& config, bool is_deaf) {
    os::OsNode node({.reactors = 1});
    client::FakeQuorum quorum = quorum_of(config);
    client::FakeController controller(quorum, config.node_id);
    rpc::Server server(node.runtimes().front(), rpc::ServerLimits{}, controller);
    for (const auto* group : {&config.listeners, &config.quorum.listeners}) {
        for (const broker::ListenerAddress& listener : *group) {
            const auto bound = server.listen(listener.bind);
            if (bound) continue;
            fmt::print(stderr, "fake node {}: {}\n", config.node_id, bound.error().text());
            return 1;
        }
    }
    node.on_terminate([&] {
        if (!is_deaf) node.stop();
    });
    fmt::print(stderr, "fake node {} serves\n", config.node_id);
    node.run();
    fmt::print(stderr, "fake node {} stops\n", config.node_id);
    return 0;
}

int run(std::span<char*> words) {
    const std::string file = words.size() > 3 ? words[3] : "";
    const auto text = os::read_file(file, 1 << 20);
    if (!text) return 2;
    auto properties = broker::parse_properties(as_text(text->view()), file);
    if (!properties) return 2;
    const auto config = broker::config_from(std::move(*properties), file);
    if (!config) return 2;
    const std::string folder = file.substr(0, file.rfind('/'));
    if (os::path_exists(folder + "/fail")) {
        fmt::print(stderr, "fake node {}: the disk is on fire\n", config->node_id);
        return 3;
    }
    return serve(*config, os::path_exists(folder + "/hang"));
}

}  // namespace
}  // namespace glasslog

int main(int argc, char** argv) {
    return glasslog::run({argv, static_cast<std::size_t>(argc)});
}
