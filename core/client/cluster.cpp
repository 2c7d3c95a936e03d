#include "core/client/cluster.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::client {

Cluster::Cluster(const runtime::Runtime& runtime, const ClusterConfig& config)
    : runtime_(runtime), config_(config) {
    CHECK(!config.bootstrap.empty());
}

Cluster::~Cluster() = default;

void Cluster::watch(const std::string& topic) {
    if (watched_.insert(topic).second) watched_refresh_.is_stale = true;
}

// --- connections --------------------------------------------------------------------------------

rpc::Client& Cluster::connection_at(const runtime::Endpoint& endpoint) {
    const auto found = connections_.find(endpoint);
    if (found != connections_.end()) return *found->second;
    auto client = std::make_unique<rpc::Client>(runtime_,
                                                endpoint,
                                                rpc::ClientConfig{.client_id = config_.client_id});
    return *connections_.emplace(endpoint, std::move(client)).first->second;
}

rpc::Client& Cluster::connection_to(NodeId node) {
    const runtime::Endpoint* const endpoint = view_.find_broker(node);
    return endpoint == nullptr ? any_connection() : connection_at(*endpoint);
}

rpc::Client& Cluster::any_connection() {
    for (const auto& [endpoint, client] : connections_) {
        if (client->is_connected()) return *client;
    }
    const std::vector<runtime::Endpoint> all = candidates();
    return connection_at(all[next_candidate_++ % all.size()]);
}

// Known brokers, then bootstrap endpoints that are none of them.
std::vector<runtime::Endpoint> Cluster::candidates() const {
    std::vector<runtime::Endpoint> found;
    for (const auto& [node, endpoint] : view_.brokers())
        found.push_back(endpoint);
    for (const runtime::Endpoint& endpoint : config_.bootstrap) {
        if (std::ranges::find(found, endpoint) == found.end()) found.push_back(endpoint);
    }
    return found;
}

// --- metadata -----------------------------------------------------------------------------------

void Cluster::refresh(ClientDone<void> done) {
    join(watched_refresh_, std::move(done));
}

void Cluster::refresh_all(ClientDone<void> done) {
    join(full_refresh_, std::move(done));
}

void Cluster::join(Refresh& refresh, ClientDone<void> done) {
    if (done) refresh.waiting.push_back(std::move(done));
    if (refresh.is_running) return;
    refresh.is_running = true;
    ask(refresh, candidates().size());
}

protocol::MetadataRequest Cluster::request_for(Scope scope) const {
    protocol::MetadataRequest request;
    request.allow_auto_topic_creation = config_.allow_topic_creation;
    if (scope == Scope::all) return request;
    request.topics.emplace();
    for (const std::string& topic : watched_)
        request.topics->push_back({.topic_id = {}, .name = topic});
    return request;
}

void Cluster::ask(Refresh& refresh, std::size_t tries_left) {
    refresh.is_stale = false;
    any_connection().send<protocol::MetadataResponse>(
        request_for(refresh.scope),
        rpc::SendOptions{.timeout = config_.request_timeout},
        gate_.wrap([this, &refresh, tries_left](
                       Expected<rpc::Answered<protocol::MetadataResponse>, rpc::RpcError> answer) {
            answered(refresh, tries_left, std::move(answer));
        }));
}

void Cluster::answered(Refresh& refresh,
                       std::size_t tries_left,
                       Expected<rpc::Answered<protocol::MetadataResponse>, rpc::RpcError> answer) {
    if (!answer) {
        if (tries_left > 1) return ask(refresh, tries_left - 1);
        return finish(refresh, Unexpected{from_rpc(answer.error())});
    }
    if (refresh.scope == Scope::all) view_.forget_topics();
    view_.apply(answer->response);
    if (refresh.is_stale) return ask(refresh, candidates().size());
    finish(refresh, {});
}

void Cluster::finish(Refresh& refresh, const Expected<void, ClientError>& result) {
    refresh.is_running = false;
    std::vector<ClientDone<void>> waiting = std::exchange(refresh.waiting, {});
    for (ClientDone<void>& done : waiting)
        done(result);
}

}  // namespace glasslog::client
