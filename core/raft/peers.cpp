#include "core/raft/peers.hpp"

#include <fmt/format.h>

namespace glasslog::raft {

namespace {

// A node that comes back is found again within this time.
const Duration reconnect_backoff_max = Duration::milliseconds(500);

}  // namespace

Peers::Peers(const runtime::Runtime& runtime, NodeId self, PeerPatience patience)
    : runtime_(runtime), self_(self), patience_(patience) {}

rpc::Client& Peers::client(NodeId to, Lane lane, const runtime::Endpoint& at) {
    std::unique_ptr<rpc::Client>& client = clients_[{to, lane}];
    if (client != nullptr && client->peer() == at) return *client;
    if (client != nullptr) {
        client->disconnect();  // who waits for the node's former address is told
        retire(std::move(client));
    }
    rpc::ClientConfig config;
    config.client_id = fmt::format("raft-client-{}", self_);
    config.connect_timeout = patience_.request_timeout;
    config.reconnect_backoff = patience_.retry_backoff;
    config.reconnect_backoff_max = reconnect_backoff_max;
    client = std::make_unique<rpc::Client>(runtime_, at, config);
    return *client;
}

void Peers::knock(const runtime::Endpoint& at, UniqueFunction<void()> refused) {
    using Connected = Expected<std::unique_ptr<runtime::Connection>, IoError>;
    runtime_.transport.connect(
        at,
        gate_.wrap([refused = std::move(refused)](const Connected& connected) mutable {
            if (!connected && connected.error().code == IoCode::refused) refused();
        }));
}

void Peers::retire(std::unique_ptr<rpc::Client> client) {
    retired_.push_back(std::move(client));
    runtime_.executor.post(gate_.wrap([this] { retired_.clear(); }));
}

void Peers::close() {
    for (auto& [key, client] : clients_)
        retire(std::move(client));
    clients_.clear();
}

}  // namespace glasslog::raft
