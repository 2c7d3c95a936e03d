#include "core/cli/up_probe.hpp"

#include "core/protocol/messages/api_versions.hpp"

#include <algorithm>

namespace glasslog::cli {
namespace {

constexpr Duration patience = Duration::milliseconds(2000);

rpc::ClientConfig client_config() {
    rpc::ClientConfig config;
    config.client_id = "glasslog-up";
    config.connect_timeout = patience;
    config.reconnect_backoff_max = Duration::milliseconds(250);
    return config;
}

// It is there, though it may not like the question.
bool is_an_answer(const rpc::RpcError& error) {
    return error.failure == rpc::RpcFailure::unsupported;
}

}  // namespace

UpProbe::UpProbe(const runtime::Runtime& runtime, const ClusterPlan& plan)
    : runtime_(runtime), has_answered_(plan.nodes.size(), false) {
    for (std::size_t i = 0; i < plan.nodes.size(); ++i) {
        if (plan.nodes[i].broker) add_door(i, false, *plan.nodes[i].broker);
        if (plan.nodes[i].controller) add_door(i, true, *plan.nodes[i].controller);
    }
}

void UpProbe::add_door(std::size_t node, bool is_controller, const runtime::Endpoint& endpoint) {
    auto door = std::make_unique<Door>();
    door->node = node;
    door->is_controller = is_controller;
    door->endpoint = endpoint;
    door->client = std::make_unique<rpc::Client>(runtime_, endpoint, client_config());
    doors_.push_back(std::move(door));
}

void UpProbe::forget(std::size_t node) {
    has_answered_[node] = false;
    for (const auto& door : doors_) {
        if (door->node != node) continue;
        door->gate.close();
        door->client = std::make_unique<rpc::Client>(runtime_, door->endpoint, client_config());
        door->is_asked = false;
        door->is_answering = false;
        door->view.reset();
    }
}

void UpProbe::ask() {
    for (const auto& door : doors_) {
        if (door->is_asked) continue;
        door->is_asked = true;
        door->is_controller ? ask_controller(*door) : ask_broker(*door);
    }
}

void UpProbe::ask_broker(Door& door) {
    using Got = Expected<rpc::Answered<protocol::ApiVersionsResponse>, rpc::RpcError>;
    door.client->send<protocol::ApiVersionsResponse>(
        protocol::ApiVersionsRequest{},
        rpc::SendOptions{.timeout = patience},
        door.gate.wrap([this, &door](const Got& got) {
            take(door, got ? std::nullopt : std::optional(got.error()));
        }));
}

void UpProbe::ask_controller(Door& door) {
    using Got = Expected<rpc::Answered<protocol::DescribeQuorumResponse>, rpc::RpcError>;
    door.client->send<protocol::DescribeQuorumResponse>(
        client::describe_quorum_request(),
        rpc::SendOptions{.timeout = patience},
        door.gate.wrap([this, &door](const Got& got) {
            door.view.reset();
            if (got) {
                if (auto view = client::quorum_view(got->response)) door.view = std::move(*view);
            }
            take(door, got ? std::nullopt : std::optional(got.error()));
        }));
}

void UpProbe::take(Door& door, const std::optional<rpc::RpcError>& error) {
    door.is_asked = false;
    door.is_answering = !error || is_an_answer(*error);
    if (is_answering(door.node)) has_answered_[door.node] = true;
}

bool UpProbe::is_answering(std::size_t node) const {
    return std::ranges::all_of(doors_, [node](const auto& door) {
        return door->node != node || door->is_answering;
    });
}

bool UpProbe::has_answered(std::size_t node) const {
    return has_answered_[node];
}

bool UpProbe::is_settled() const {
    return std::ranges::none_of(doors_, [](const auto& door) { return door->is_asked; });
}

std::vector<client::QuorumView> UpProbe::views() const {
    std::vector<client::QuorumView> views;
    for (const auto& door : doors_) {
        if (door->view) views.push_back(*door->view);
    }
    return views;
}

}  // namespace glasslog::cli
