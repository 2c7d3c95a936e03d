#include "core/rpc/client_link.hpp"

#include "core/base/random.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/messages/api_versions.hpp"
#include "core/rpc/message_tag.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::rpc {
namespace {

constexpr std::size_t read_bytes_usual = 64 * 1024;
constexpr std::int64_t backoff_doublings_max = 10;

// Both say that the peer does not know the version asked for, with a body of version 0.
bool is_version_refused(const Bytes& body) {
    return body.size() >= 2 &&
           load_be<std::int16_t>(body.data()) ==
               static_cast<std::int16_t>(protocol::WireError::unsupported_version);
}

}  // namespace

void Client::Link::enqueue(Call call) {
    call.deadline = runtime_.clock.now() + call.options.timeout;
    if (queued_.size() >= config_.queued_count_max) {
        return fail_later(
            std::move(call),
            RpcError{RpcFailure::full,
                     fmt::format("{} requests wait for {}", queued_.size(), peer_.text())});
    }
    queued_.push_back(std::move(call));
    arm();
    advance();
}

// Never inside the call that brought it.
void Client::Link::fail_later(Call call, RpcError error) {
    runtime_.executor.post(gate_.wrap([call = std::move(call), error = std::move(error)]() mutable {
        call.finish(Unexpected{std::move(error)});
    }));
}

void Client::Link::advance() {
    if (state_ == State::none && !queued_.empty()) {
        if (runtime_.clock.now() >= not_before_) return connect();
        state_ = State::waiting;
        connect_timer_ =
            runtime_.executor.at(not_before_, connection_gate_.wrap([this] { connect(); }));
        return;
    }
    while (state_ == State::ready && !queued_.empty() &&
           in_flight_.size() < config_.in_flight_count_max) {
        Call call = std::move(queued_.front());
        queued_.pop_front();
        transmit(std::move(call));
    }
}

// --- connecting ---------------------------------------------------------------------------------

void Client::Link::connect() {
    state_ = State::connecting;
    connect_timer_ = runtime_.executor.at(
        runtime_.clock.now() + config_.connect_timeout,
        connection_gate_.wrap([this] {
            lose(RpcError{
                RpcFailure::unreachable,
                fmt::format("no answer from {} within {}", peer_.text(), config_.connect_timeout)});
        }));
    runtime_.transport.connect(
        peer_,
        connection_gate_.wrap(
            [this](Expected<std::unique_ptr<runtime::Connection>, IoError> connection) {
                connected(std::move(connection));
            }));
}

void Client::Link::connected(Expected<std::unique_ptr<runtime::Connection>, IoError> connection) {
    if (!connection) {
        return lose(RpcError{RpcFailure::unreachable, connection.error().text()});
    }
    connection_ = std::move(connection).value();
    frames_ = FrameBuffer(config_.response_bytes_max);
    state_ = State::negotiating;
    negotiate(protocol::Version(protocol::ApiVersionsRequest::versions.last));
    read_on();
}

void Client::Link::negotiate(protocol::Version version) {
    protocol::ApiVersionsRequest request;
    request.client_software_name = "glasslog";
    request.client_software_version = "0.1";
    const protocol::RequestHeader header = next_header(protocol::ApiVersionsRequest::key, version);
    write(header,
          protocol::encode(request, version),
          InFlight{header, Instant::never(), [this, version](Expected<Reply, RpcError> reply) {
                       negotiated(version, std::move(reply));
                   }});
}

void Client::Link::negotiated(protocol::Version version, Expected<Reply, RpcError> reply) {
    if (!reply) return;  // lose() tells those who wait
    constexpr protocol::Version oldest{0};
    if (is_version_refused(reply->body) && version != oldest) return negotiate(oldest);
    auto response = protocol::decode<protocol::ApiVersionsResponse>(reply->body, version);
    if (!response) return lose(RpcError{RpcFailure::garbage, response.error().text()});
    PeerVersions versions;
    for (const auto& api : response->api_keys) {
        versions.insert_or_assign(api.api_key,
                                  protocol::VersionRange{api.min_version, api.max_version});
    }
    peer_versions_ = std::move(versions);
    become_ready();
}

void Client::Link::become_ready() {
    connect_timer_.cancel();
    failure_count_ = 0;
    state_ = State::ready;
    advance();
}

// --- sending ------------------------------------------------------------------------------------

std::optional<protocol::Version> Client::Link::choose_version(const Call& call) const {
    const auto theirs = peer_versions_->find(call.key);
    if (theirs == peer_versions_->end()) return std::nullopt;
    std::int16_t version = std::min(call.ours.last, theirs->second.last);
    if (call.options.version_max.has_value()) {
        version = std::min(version, call.options.version_max->value());
    }
    if (version < std::max(call.ours.first, theirs->second.first)) return std::nullopt;
    if (call.options.version_min && version < call.options.version_min->value()) {
        return std::nullopt;
    }
    return protocol::Version(version);
}

protocol::RequestHeader Client::Link::next_header(protocol::ApiKey key, protocol::Version version) {
    last_correlation_ = last_correlation_ == INT32_MAX ? 0 : last_correlation_ + 1;
    protocol::RequestHeader header;
    header.request_api_key = key;
    header.request_api_version = version;
    header.correlation_id = CorrelationId(last_correlation_);
    header.client_id = config_.client_id;
    return header;
}

void Client::Link::transmit(Call call) {
    const std::optional<protocol::Version> version = choose_version(call);
    if (!version.has_value()) {
        const auto theirs = peer_versions_->find(call.key);
        std::string detail =
            theirs == peer_versions_->end()
                ? fmt::format("{} does not offer {}", peer_.text(), protocol::api_name(call.key))
                : fmt::format("{} offers {} {}-{}, this client {}-{}",
                              peer_.text(),
                              protocol::api_name(call.key),
                              theirs->second.first,
                              theirs->second.last,
                              call.ours.first,
                              call.ours.last);
        return fail_later(std::move(call), RpcError{RpcFailure::unsupported, std::move(detail)});
    }
    const protocol::RequestHeader header = next_header(call.key, *version);
    Payload body = call.encode(*version);
    if (call.options.answer == AnswerKind::none) {
        return write_one_way(header, std::move(body), std::move(call));
    }
    write(header, std::move(body), InFlight{header, call.deadline, std::move(call.finish)});
}

void Client::Link::write(const protocol::RequestHeader& header, Payload body, InFlight in_flight) {
    in_flight_.push_back(std::move(in_flight));
    connection_->write(protocol::encode_request_frame(header, std::move(body)),
                       tag_of(header, Direction::request),
                       connection_gate_.wrap([this](const Expected<void, IoError>& result) {
                           if (!result) {
                               lose(RpcError{RpcFailure::lost, result.error().text()});
                           }
                       }));
}

void Client::Link::write_one_way(const protocol::RequestHeader& header, Payload body, Call call) {
    auto written = [this, version = header.request_api_version, finish = std::move(call.finish)](
                       const Expected<void, IoError>& result) mutable {
        if (result) return finish(Reply{Bytes{}, version, AnswerKind::none});
        const RpcError error{RpcFailure::lost, result.error().text()};
        finish(Unexpected{error});
        lose(error);
    };
    connection_->write(protocol::encode_request_frame(header, std::move(body)),
                       tag_of(header, Direction::request),
                       gate_.wrap(std::move(written)));
}

// --- receiving ----------------------------------------------------------------------------------

void Client::Link::read_on() {
    connection_->read(frames_.wanted_bytes(read_bytes_usual),
                      connection_gate_.wrap(
                          [this](Expected<Bytes, IoError> chunk) { received(std::move(chunk)); }));
}

void Client::Link::received(Expected<Bytes, IoError> chunk) {
    if (!chunk) return lose(RpcError{RpcFailure::lost, chunk.error().text()});
    if (chunk->empty()) {
        return lose(
            RpcError{RpcFailure::lost, fmt::format("{} closed the connection", peer_.text())});
    }
    frames_.append(std::move(chunk).value());
    const runtime::Connection* const from = connection_.get();
    while (connection_.get() == from) {
        FrameBuffer::Next next = frames_.next();
        if (std::holds_alternative<FrameBuffer::NeedsMore>(next)) return read_on();
        if (const auto* bad = std::get_if<BadFrameLength>(&next)) {
            return lose(RpcError{RpcFailure::garbage,
                                 fmt::format("{} announced an answer of {} bytes",
                                             peer_.text(),
                                             bad->announced_bytes)});
        }
        take_answer(std::get<Bytes>(next));
    }
}

void Client::Link::take_answer(const Bytes& frame) {
    if (in_flight_.empty()) {
        return lose(RpcError{RpcFailure::garbage,
                             fmt::format("{} answered what nobody asked", peer_.text())});
    }
    const protocol::RequestHeader& asked = in_flight_.front().header;
    auto opened =
        protocol::decode_response_frame(asked.request_api_key, asked.request_api_version, frame);
    if (!opened) return lose(RpcError{RpcFailure::garbage, opened.error().text()});
    if (opened->correlation_id != asked.correlation_id) {
        return lose(RpcError{RpcFailure::garbage,
                             fmt::format("{} answered request {}, not {}",
                                         peer_.text(),
                                         opened->correlation_id,
                                         asked.correlation_id)});
    }
    InFlight answered = std::move(in_flight_.front());
    in_flight_.pop_front();
    answered.finish(Reply{std::move(opened->body), answered.header.request_api_version});
    advance();
}

// --- giving up ----------------------------------------------------------------------------------

void Client::Link::drop(const RpcError& error) {
    if (state_ == State::none && queued_.empty()) return;
    runtime_.executor.post(gate_.wrap([this, error] { lose(error); }));
}

// Ends the connection, or the attempt, and fails everything that waited for it.
void Client::Link::lose(const RpcError& error) {
    connection_gate_.close();
    connection_.reset();
    connect_timer_.cancel();
    state_ = State::none;
    not_before_ = runtime_.clock.now() + next_backoff();

    std::deque<InFlight> in_flight = std::exchange(in_flight_, {});
    std::deque<Call> queued = std::exchange(queued_, {});
    for (InFlight& sent : in_flight)
        sent.finish(Unexpected{error});
    for (Call& call : queued)
        call.finish(Unexpected{error});
}

Duration Client::Link::next_backoff() {
    const std::int64_t doublings = std::min(failure_count_++, backoff_doublings_max);
    const Duration full = std::min(config_.reconnect_backoff * (std::int64_t{1} << doublings),
                                   config_.reconnect_backoff_max);
    const std::int64_t fifth = full.nanoseconds() / 5;
    const std::uint64_t draw = runtime_.random.draw("reconnect", peer_.text());
    return full + Duration::nanoseconds(between(draw, -fifth, fifth));
}

// One timer, for the earliest deadline.
void Client::Link::arm() {
    Instant earliest = Instant::never();
    for (const InFlight& sent : in_flight_)
        earliest = std::min(earliest, sent.deadline);
    for (const Call& call : queued_)
        earliest = std::min(earliest, call.deadline);
    if (earliest >= armed_for_) return;
    armed_for_ = earliest;
    deadline_timer_ = runtime_.executor.at(earliest, gate_.wrap([this] { expire(); }));
}

void Client::Link::expire() {
    armed_for_ = Instant::never();
    const Instant now = runtime_.clock.now();
    const RpcError error{RpcFailure::timed_out,
                         fmt::format("no answer from {} in time", peer_.text())};
    // An answer that never came blocks all behind it: the connection is given up.
    const bool is_stuck = std::ranges::any_of(in_flight_, [now](const InFlight& sent) {
        return sent.deadline <= now;
    });
    if (is_stuck) {
        lose(error);
        return arm();
    }
    std::vector<Call> late;
    std::deque<Call> waiting;
    for (Call& call : queued_)
        call.deadline <= now ? late.push_back(std::move(call)) : waiting.push_back(std::move(call));
    queued_ = std::move(waiting);
    RpcError unsent = error;
    unsent.is_unsent = true;
    for (Call& call : late)
        call.finish(Unexpected{unsent});
    arm();
}

}  // namespace glasslog::rpc
