#pragma once

// ControllerChannel: the way from this node to the active controller, which may be this node: what
// a broker asks for itself, and what it forwards for its clients in an Envelope. On reactor 0.
// Source: KIP-590.

#include "core/base/expected.hpp"
#include "core/base/payload.hpp"
#include "core/broker/config.hpp"
#include "core/broker/controller_apis.hpp"
#include "core/metadata/service.hpp"
#include "core/rpc/client.hpp"
#include "core/runtime/gate.hpp"
#include "core/runtime/runtime.hpp"

#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace glasslog::broker {

class ControllerChannel {
public:
    ControllerChannel(const runtime::Runtime& runtime,
                      metadata::Service& service,
                      ControllerApis& apis,
                      const Config& config);

    // One try. The error says why no controller answered; never from inside the call.
    template <typename Response, typename Body>
    void ask(Body body, UniqueFunction<void(Expected<Response, std::string>)> done) {
        if (service_.is_active()) {
            return apis_.handle<Response>(
                std::move(body),
                protocol::Version(Body::versions.last),
                [done = std::move(done)](Response response) mutable { done(std::move(response)); });
        }
        rpc::Client* client = find_controller();
        if (client == nullptr) {
            return later([done = std::move(done)]() mutable {
                done(Unexpected{std::string("no controller is known")});
            });
        }
        client->send<Response>(
            std::move(body),
            {.timeout = ask_timeout},
            gate_.wrap([done = std::move(done)](
                           Expected<rpc::Answered<Response>, rpc::RpcError> answered) mutable {
                if (!answered) return done(Unexpected{answered.error().text()});
                done(std::move(answered->response));
            }));
    }

    // A client's request, tried again until a controller decided it or the time is up; then it is
    // answered with REQUEST_TIMED_OUT.
    template <typename Response, typename Body>
    void forward(Body body, protocol::Version version, metadata::Answer<Response> done) {
        if (service_.is_active()) {
            return apis_.handle<Response>(std::move(body), version, std::move(done));
        }
        Payload bytes = protocol::encode(body, version);
        forward_bytes({.key = Body::key,
                       .version = version,
                       .body = bytes.flatten(),
                       .deadline = {},
                       .done = [version, body = std::move(body), done = std::move(done)](
                                   std::optional<Bytes> answer) mutable {
                           auto response = answer ? protocol::decode<Response>(*answer, version)
                                                  : Expected<Response, DecodeError>(
                                                        Unexpected{DecodeError{"time is up", 0}});
                           if (response) return done(std::move(*response));
                           done(refusal<Response>(body, protocol::WireError::request_timed_out));
                       }});
    }

    // The active controller changed: who waits for one is tried again.
    void controller_changed();

    // Where the active controller listens; empty when it is this node or unknown.
    std::optional<runtime::Endpoint> controller_endpoint() const;

private:
    struct Forwarded {
        protocol::ApiKey key;
        protocol::Version version;
        Bytes body;
        Instant deadline;
        UniqueFunction<void(std::optional<Bytes>)> done;  // empty: time is up, or refused
    };

    static constexpr std::size_t forwarded_count_max = 10'000;
    static constexpr Duration ask_timeout = Duration::seconds(5);
    static constexpr Duration forward_timeout = Duration::seconds(30);
    static constexpr Duration retry_interval = Duration::milliseconds(50);

    // The same error for all that a request asks.
    template <typename Response, typename Body>
    static Response refusal(const Body& body, protocol::WireError error) {
        if constexpr (requires(Response response) { response.error_code = error; }) {
            Response response;
            response.error_code = error;
            return response;
        } else {
            return std::get<Response>(metadata::refuse_all(metadata::plain_request(body), error));
        }
    }

    rpc::Client* find_controller();
    void leave_former_controller();
    void forward_bytes(Forwarded request);
    void send(Forwarded request);
    void answered(Forwarded request, std::optional<Bytes> body);
    void wait(Forwarded request);
    void retry();
    void later(runtime::Task task);

    const runtime::Runtime& runtime_;
    metadata::Service& service_;
    ControllerApis& apis_;
    const Config& config_;
    std::unique_ptr<rpc::Client> client_;  // to the controller that was last known
    std::deque<Forwarded> waiting_;        // for a controller, in order
    std::size_t sent_count_ = 0;
    runtime::Timer retry_timer_;
    runtime::Gate gate_;
};

}  // namespace glasslog::broker
