#include "core/broker/controller_channel.hpp"

#include "core/protocol/frame.hpp"

#include <utility>

namespace glasslog::broker {

namespace {

using protocol::WireError;

// Nobody proves who they are yet: everyone is Kafka's anonymous user.
Bytes anonymous_principal() {
    protocol::DefaultPrincipalData principal;
    principal.type = "User";
    principal.name = "ANONYMOUS";
    std::vector<std::uint8_t> bytes;
    append_be(bytes, std::int16_t{0});
    const Bytes body = protocol::encode(principal, protocol::Version(0)).flatten();
    bytes.insert(bytes.end(), body.view().begin(), body.view().end());
    return Bytes::from(std::move(bytes));
}

}  // namespace

ControllerChannel::ControllerChannel(const runtime::Runtime& runtime,
                                     metadata::Service& service,
                                     ControllerApis& apis,
                                     const Config& config)
    : runtime_(runtime), service_(service), apis_(apis), config_(config) {}

std::optional<runtime::Endpoint> ControllerChannel::controller_endpoint() const {
    const raft::State& state = service_.log().state();
    if (state.leader == no_node || state.leader == config_.node_id) return std::nullopt;
    for (const raft::Endpoint& endpoint : state.leader_endpoints) {
        if (endpoint.name != config_.quorum.listener_name) continue;
        return runtime::Endpoint{endpoint.host, endpoint.port, runtime::Security::plaintext};
    }
    return std::nullopt;
}

rpc::Client* ControllerChannel::find_controller() {
    const auto endpoint = controller_endpoint();
    if (!endpoint) return nullptr;
    leave_former_controller();
    if (!client_) {
        rpc::ClientConfig config;
        config.client_id = fmt::format("broker-{}-to-controller", config_.node_id);
        config.in_flight_count_max = 16;
        client_ = std::make_unique<rpc::Client>(runtime_, *endpoint, config);
    }
    return client_.get();
}

// Whoever was asked and is the controller no more may never answer: all that waits for it is told
// so and asked anew. The client lives until it has told them.
void ControllerChannel::leave_former_controller() {
    if (!client_ || service_.log().state().leader == no_node) return;
    if (controller_endpoint() == client_->peer()) return;
    std::unique_ptr<rpc::Client> former = std::move(client_);
    former->disconnect();
    later([former = std::move(former)] {});
}

void ControllerChannel::later(runtime::Task task) {
    runtime_.executor.post(gate_.wrap(std::move(task)));
}

void ControllerChannel::forward_bytes(Forwarded request) {
    if (waiting_.size() + sent_count_ >= forwarded_count_max) {
        return later([done = std::move(request.done)]() mutable { done(std::nullopt); });
    }
    request.deadline = runtime_.clock.now() + forward_timeout;
    send(std::move(request));
}

// Here when this node decides by now, else in an envelope; waits when nobody is known.
void ControllerChannel::send(Forwarded request) {
    if (service_.is_active()) {
        auto done =
            std::make_shared<UniqueFunction<void(std::optional<Bytes>)>>(std::move(request.done));
        const bool is_taken =
            apis_.serve_forwarded(request.key,
                                  request.version,
                                  request.body,
                                  [done](const Payload& body) { (*done)(body.flatten()); });
        if (!is_taken) (*done)(std::nullopt);
        return;
    }
    rpc::Client* client = find_controller();
    if (client == nullptr) return wait(std::move(request));
    protocol::RequestHeader header;
    header.request_api_key = request.key;
    header.request_api_version = request.version;
    header.client_id = "";
    const Bytes frame = protocol::encode_request_frame(header, Payload(request.body)).flatten();
    protocol::EnvelopeRequest envelope;
    envelope.request_data = Bytes::copy_of(frame.view().subspan(protocol::length_prefix_size));
    envelope.request_principal = anonymous_principal();
    envelope.client_host_address = Bytes::from({127, 0, 0, 1});
    ++sent_count_;
    client->send<protocol::EnvelopeResponse>(
        std::move(envelope),
        {.timeout = request.deadline - runtime_.clock.now()},
        gate_.wrap(
            [this, request = std::move(request)](
                Expected<rpc::Answered<protocol::EnvelopeResponse>, rpc::RpcError> answer) mutable {
                --sent_count_;
                // Lost on the way, or no controller: another try. Anything else is an answer.
                const bool is_over =
                    answer && answer->response.error_code != WireError::not_controller;
                if (!is_over) return wait(std::move(request));
                answered(std::move(request), std::move(answer->response.response_data));
            }));
}

// body: header and body of the answer, as the envelope brought it. None, or one that cannot be
// read: the controller refused the envelope, and will again.
void ControllerChannel::answered(Forwarded request, std::optional<Bytes> body) {
    if (!body) return request.done(std::nullopt);
    auto frame = protocol::decode_response_frame(request.key, request.version, *body);
    if (!frame) return request.done(std::nullopt);
    request.done(std::move(frame->body));
}

void ControllerChannel::wait(Forwarded request) {
    waiting_.push_back(std::move(request));
    if (!retry_timer_.is_armed()) retry();
}

void ControllerChannel::retry() {
    retry_timer_ = runtime_.executor.at(runtime_.clock.now() + retry_interval, gate_.wrap([this] {
        retry_timer_.cancel();
        controller_changed();
    }));
}

void ControllerChannel::controller_changed() {
    leave_former_controller();
    std::deque<Forwarded> waiting = std::exchange(waiting_, {});
    for (Forwarded& request : waiting) {
        if (runtime_.clock.now() >= request.deadline) {
            request.done(std::nullopt);
        } else {
            send(std::move(request));
        }
    }
}

}  // namespace glasslog::broker
