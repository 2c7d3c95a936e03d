#pragma once

// The asking side: one connection to one endpoint, opened when first needed and again after a loss.
// Negotiates versions on connect, keeps requests in order, gives every request a deadline.

#include "core/base/bytes.hpp"
#include "core/base/expected.hpp"
#include "core/base/payload.hpp"
#include "core/base/time.hpp"
#include "core/base/unique_function.hpp"
#include "core/protocol/api.hpp"
#include "core/protocol/codec.hpp"
#include "core/runtime/runtime.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace glasslog::rpc {

enum class RpcFailure : std::uint8_t {
    unreachable,  // no connection could be made; nothing was sent
    lost,         // the connection ended before the answer: the request may have been done
    timed_out,    // likewise
    full,         // queued_count_max; nothing was sent
    unsupported,  // the peer speaks no version that we may use; nothing was sent
    garbage,      // the peer's bytes are no answer to this request
};

const char* name(RpcFailure failure);

struct RpcError {
    RpcFailure failure = RpcFailure::lost;
    std::string detail;
    bool is_unsent = false;  // timed_out, waiting for a connection or for its turn

    std::string text() const;
};

struct ClientConfig {
    std::string client_id = "glasslog";
    std::size_t in_flight_count_max = 5;    // sent and unanswered
    std::size_t queued_count_max = 10'000;  // not yet sent
    std::size_t response_bytes_max = 256 * 1024 * 1024;
    Duration connect_timeout = Duration::seconds(10);

    // After a failed connect the next one waits this long, doubling, with a fifth of jitter.
    Duration reconnect_backoff = Duration::milliseconds(50);
    Duration reconnect_backoff_max = Duration::milliseconds(1000);
};

// What the peer said to ApiVersions.
using PeerVersions = std::map<protocol::ApiKey, protocol::VersionRange>;

enum class AnswerKind : std::uint8_t { expected, none };  // none: Produce with acks 0

struct SendOptions {
    Duration timeout = Duration::seconds(30);  // from the call to the answer
    AnswerKind answer = AnswerKind::expected;

    // Default: the highest that both sides speak; this lowers it.
    std::optional<protocol::Version> version_max;

    // A peer that speaks no version from here on is not asked: it would take the request for
    // something else.
    std::optional<protocol::Version> version_min;
};

// A decoded response, and the version in which it travelled.
template <typename Response>
struct Answered {
    Response response;
    protocol::Version version;
};

// Callbacks run on the reactor's executor, never inside the call that took them, exactly once
// while the client lives. A callback must not destroy the client.
class Client {
public:
    template <typename Response>
    using Done = UniqueFunction<void(Expected<Answered<Response>, RpcError>)>;

    Client(const runtime::Runtime& runtime,
           const runtime::Endpoint& peer,
           const ClientConfig& config);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // client.send<ProduceResponse>(request, options, done): queues the request; requests leave in
    // the order of the calls. With AnswerKind::none `done` gets a default response when the request
    // has left. A failure of the connection fails everything queued and in flight; whoever wants to
    // try again sends again.
    template <typename Response, typename Request>
    void send(Request request, const SendOptions& options, Done<Response> done) {
        Call call;
        call.key = Request::key;
        call.ours = Request::versions;
        call.options = options;
        call.encode = [body = std::move(request)](protocol::Version version) {
            return protocol::encode(body, version);
        };
        call.finish = [callback = std::move(done)](Expected<Reply, RpcError> reply) mutable {
            callback(decode_reply<Response>(std::move(reply)));
        };
        enqueue(std::move(call));
    }

    // Ends the connection; everything queued and in flight fails with `lost`.
    void disconnect();

    bool is_connected() const;
    std::size_t in_flight_count() const;
    std::size_t queued_count() const;
    const runtime::Endpoint& peer() const;

    // None before the first connect.
    const std::optional<PeerVersions>& peer_versions() const;

private:
    struct Reply {
        Bytes body;  // after the response header
        protocol::Version version;
        AnswerKind answer = AnswerKind::expected;
    };

    struct Call {
        protocol::ApiKey key{};
        protocol::VersionRange ours;
        SendOptions options;
        Instant deadline;
        UniqueFunction<Payload(protocol::Version)> encode;
        UniqueFunction<void(Expected<Reply, RpcError>)> finish;
    };

    class Link;  // the connection and what waits for it

    template <typename Response>
    static Expected<Answered<Response>, RpcError> decode_reply(Expected<Reply, RpcError> reply) {
        if (!reply) return Unexpected{std::move(reply).error()};
        if (reply->answer == AnswerKind::none) {
            return Answered<Response>{Response{}, reply->version};
        }
        auto response = protocol::decode<Response>(reply->body, reply->version);
        if (response) return Answered<Response>{std::move(response).value(), reply->version};
        return Unexpected{RpcError{RpcFailure::garbage, response.error().text()}};
    }

    void enqueue(Call call);

    std::unique_ptr<Link> link_;
};

}  // namespace glasslog::rpc
