#pragma once

// What a Client does with its one connection: connect, negotiate, send, match answers, give up.

#include "core/protocol/frame.hpp"
#include "core/rpc/client.hpp"
#include "core/rpc/frame_buffer.hpp"
#include "core/runtime/gate.hpp"

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace glasslog::rpc {

class Client::Link {
public:
    Link(const runtime::Runtime& runtime, const runtime::Endpoint& peer, const ClientConfig& config)
        : runtime_(runtime), peer_(peer), config_(config), frames_(config.response_bytes_max) {}

    void enqueue(Call call);
    void drop(const RpcError& error);

    bool is_ready() const { return state_ == State::ready; }

    std::size_t in_flight_count() const { return in_flight_.size(); }

    std::size_t queued_count() const { return queued_.size(); }

    const runtime::Endpoint& peer() const { return peer_; }

    const std::optional<PeerVersions>& peer_versions() const { return peer_versions_; }

private:
    // none → (waiting →) connecting → negotiating → ready → none
    enum class State : std::uint8_t { none, waiting, connecting, negotiating, ready };

    struct InFlight {
        protocol::RequestHeader header;
        Instant deadline;
        UniqueFunction<void(Expected<Reply, RpcError>)> finish;
    };

    void advance();
    void connect();
    void connected(Expected<std::unique_ptr<runtime::Connection>, IoError> connection);
    void negotiate(protocol::Version version);
    void negotiated(protocol::Version version, Expected<Reply, RpcError> reply);
    void become_ready();

    std::optional<protocol::Version> choose_version(const Call& call) const;
    void transmit(Call call);
    void write(const protocol::RequestHeader& header, Payload body, InFlight in_flight);
    void write_one_way(const protocol::RequestHeader& header, Payload body, Call call);
    protocol::RequestHeader next_header(protocol::ApiKey key, protocol::Version version);

    void read_on();
    void received(Expected<Bytes, IoError> chunk);
    void take_answer(const Bytes& frame);

    void fail_later(Call call, RpcError error);
    void lose(const RpcError& error);
    Duration next_backoff();
    void arm();
    void expire();

    runtime::Runtime runtime_;
    runtime::Endpoint peer_;
    ClientConfig config_;
    std::optional<PeerVersions> peer_versions_;

    State state_ = State::none;
    std::unique_ptr<runtime::Connection> connection_;
    FrameBuffer frames_;
    std::int32_t last_correlation_ = 0;
    std::deque<InFlight> in_flight_;
    std::deque<Call> queued_;

    Instant not_before_;  // of the next connect
    std::int64_t failure_count_ = 0;
    runtime::Timer connect_timer_;
    runtime::Timer deadline_timer_;
    Instant armed_for_ = Instant::never();

    runtime::Gate connection_gate_;  // callbacks of connection_
    runtime::Gate gate_;
};

}  // namespace glasslog::rpc
