#include "core/rpc/client.hpp"

#include "core/rpc/client_link.hpp"

#include <utility>

namespace glasslog::rpc {

const char* name(RpcFailure failure) {
    switch (failure) {
        case RpcFailure::unreachable:
            return "unreachable";
        case RpcFailure::lost:
            return "connection lost";
        case RpcFailure::timed_out:
            return "timed out";
        case RpcFailure::full:
            return "queue full";
        case RpcFailure::unsupported:
            return "unsupported version";
        case RpcFailure::garbage:
            return "unreadable answer";
    }
    UNREACHABLE();
}

std::string RpcError::text() const {
    return detail.empty() ? name(failure) : fmt::format("{}: {}", name(failure), detail);
}

Client::Client(const runtime::Runtime& runtime,
               const runtime::Endpoint& peer,
               const ClientConfig& config)
    : link_(std::make_unique<Link>(runtime, peer, config)) {}

Client::~Client() = default;

void Client::enqueue(Call call) {
    link_->enqueue(std::move(call));
}

void Client::disconnect() {
    link_->drop(RpcError{RpcFailure::lost, "disconnected by this side"});
}

bool Client::is_connected() const {
    return link_->is_ready();
}

std::size_t Client::in_flight_count() const {
    return link_->in_flight_count();
}

std::size_t Client::queued_count() const {
    return link_->queued_count();
}

const runtime::Endpoint& Client::peer() const {
    return link_->peer();
}

const std::optional<PeerVersions>& Client::peer_versions() const {
    return link_->peer_versions();
}

}  // namespace glasslog::rpc
