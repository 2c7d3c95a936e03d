#include "core/rpc/server_connection.hpp"

#include "core/base/overloaded.hpp"
#include "core/rpc/message_tag.hpp"
#include "core/trace/event.hpp"
#include "core/trace/log.hpp"

#include <algorithm>
#include <utility>
#include <variant>

namespace glasslog::rpc {
namespace {

constexpr std::size_t read_bytes_usual = 64 * 1024;
constexpr std::size_t discard_bytes = 64 * 1024;

// What a connection may hold although memory is used up, so that small requests still go through.
constexpr std::size_t free_bytes = 4 * 1024;

// How long a closed connection waits for the peer to take what was sent, before it is reset.
constexpr Duration linger_max = Duration::milliseconds(500);

std::size_t size_of(const Responder::Answer& answer) {
    const auto* body = std::get_if<Responder::Body>(&answer);
    return body == nullptr ? 0 : body->bytes.size();
}

}  // namespace

ServerConnection::ServerConnection(ServerContext& context,
                                   std::uint64_t number,
                                   std::unique_ptr<runtime::Connection> connection)
    : context_(context),
      number_(number),
      connection_(std::move(connection)),
      facts_{connection_->id(), connection_->listener(), connection_->local(), connection_->peer()},
      frames_(context.limits.request_bytes_max),
      last_moved_at_(context.runtime.clock.now()) {}

ServerConnection::~ServerConnection() {
    if (!is_over_) release_held();
}

void ServerConnection::resume() {
    pump();
}

std::size_t ServerConnection::held_bytes() const {
    return buffer_bytes_ + waiting_bytes_ + unsent_bytes_;
}

void ServerConnection::release_held() {
    context_.budget.release(buffer_bytes_);
    context_.release_answer(waiting_bytes_ + unsent_bytes_);
}

void ServerConnection::observe_progress() {
    const std::size_t queue_bytes = connection_->write_queue_bytes();
    if (queue_bytes != last_queue_bytes_) last_moved_at_ = context_.runtime.clock.now();
    last_queue_bytes_ = queue_bytes;
}

// --- reading ------------------------------------------------------------------------------------

void ServerConnection::read_on() {
    if (is_reading_ || has_peer_ended_ || is_over_) return;
    is_reading_ = true;
    const std::size_t wanted = is_closing_ ? discard_bytes : frames_.wanted_bytes(read_bytes_usual);
    connection_->read(wanted, gate_.wrap([this](Expected<Bytes, IoError> chunk) {
        received(std::move(chunk));
    }));
}

void ServerConnection::received(Expected<Bytes, IoError> chunk) {
    is_reading_ = false;
    if (!chunk) return end(CloseReason::peer);
    if (chunk->empty()) {
        has_peer_ended_ = true;
        return is_closing_ ? end(CloseReason::peer) : finish(CloseReason::peer);
    }
    context_.counters.received_bytes += chunk->size();
    if (is_closing_) return read_on();
    last_moved_at_ = context_.runtime.clock.now();
    if (is_finishing_) return;
    frames_.append(std::move(chunk).value());
    account_buffer();
    pump();
}

void ServerConnection::account_buffer() {
    const std::size_t held = frames_.held_bytes();
    if (held > buffer_bytes_) context_.budget.take(held - buffer_bytes_);
    if (held < buffer_bytes_) context_.budget.release(buffer_bytes_ - held);
    buffer_bytes_ = held;
}

// Full: goes on when an answer has left.
bool ServerConnection::is_full() const {
    const std::size_t answer_bytes_max =
        context_.is_short_of_answers() ? free_bytes : context_.limits.response_queue_bytes_max;
    return slots_.size() >= context_.limits.in_flight_count_max || awaits_fetch() ||
           waiting_bytes_ + unsent_bytes_ > answer_bytes_max;
}

// Nothing is handed out behind a Fetch in work, so it can only be the last.
bool ServerConnection::awaits_fetch() const {
    return !slots_.empty() && !slots_.back().answer.has_value() &&
           slots_.back().header.request_api_key == protocol::ApiKey::fetch;
}

// Hands out requests as far as the limits allow, then reads on. Answers given inside the handler
// come back here; only the outermost call loops.
void ServerConnection::pump() {
    if (is_pumping_) return;
    is_pumping_ = true;
    while (!is_finishing_ && !is_over_ && !is_full()) {
        if (context_.budget.is_used_up() && held_bytes() + in_work_bytes_ > free_bytes) {
            context_.wait_for_memory(number_);
            break;
        }
        if (!take_next_frame()) {
            read_on();
            break;
        }
    }
    is_pumping_ = false;
}

// False when the next frame is not complete.
bool ServerConnection::take_next_frame() {
    FrameBuffer::Next next = frames_.next();
    if (std::holds_alternative<FrameBuffer::NeedsMore>(next)) return false;
    if (const auto* bad = std::get_if<BadFrameLength>(&next)) {
        refuse(fmt::format("a request of {} bytes; the limit is {} (socket.request.max.bytes)",
                           bad->announced_bytes,
                           context_.limits.request_bytes_max));
        return true;
    }
    account_buffer();
    accept_frame(std::get<Bytes>(next));
    return true;
}

void ServerConnection::accept_frame(const Bytes& frame) {
    auto opened = protocol::decode_request_frame(frame);
    if (!opened) return refuse(opened.error().text());

    Slot slot;
    slot.header = std::move(opened->header);
    tell_client(slot.header);
    slot.frame_bytes = frame.size();
    slot.event = trace::emit(context_.runtime.trace,
                             trace::kinds::RequestReceived{
                                 .connection = static_cast<std::int64_t>(facts_.id),
                                 .correlation = slot.header.correlation_id.value(),
                                 .api_key = static_cast<std::int16_t>(slot.header.request_api_key),
                                 .api_version = slot.header.request_api_version.value(),
                                 .bytes = static_cast<std::int64_t>(frame.size())});
    ++context_.counters.request_count;
    context_.budget.take(frame.size());
    in_work_bytes_ += frame.size();

    const std::uint64_t sequence = first_sequence_ + slots_.size();
    Request request{
        .header = slot.header,
        .body = std::move(opened->body),
        .received_at = context_.runtime.clock.now(),
        .event = slot.event,
        .responder =
            context_.make_responder(number_, sequence, static_cast<std::uint32_t>(frame.size()))};
    const runtime::EventId event = slot.event;
    slots_.push_back(std::move(slot));
    // What the request leads to names it as its cause.
    runtime::Trace& trace = context_.runtime.trace;
    const runtime::EventId before = trace.current_cause();
    if (event != runtime::no_event) trace.set_current_cause(event);
    context_.handler.handle(facts_, std::move(request));
    trace.set_current_cause(before);
}

// Once: a client keeps its name.
void ServerConnection::tell_client(const protocol::RequestHeader& header) {
    if (is_client_told_) return;
    is_client_told_ = true;
    std::string name = header.client_id.value_or("").substr(0, trace::kinds::client_name_bytes_max);
    std::replace_if(
        name.begin(),
        name.end(),
        [](char c) { return c < ' ' || c > '~'; },
        '?');
    trace::emit(context_.runtime.trace,
                trace::kinds::ClientNamed{.connection = static_cast<std::int64_t>(facts_.id),
                                          .name = std::move(name)});
}

void ServerConnection::refuse(const std::string& what) {
    trace::log(context_.runtime.trace,
               trace::LogLevel::warning,
               "rpc",
               fmt::format("closing the connection of {} on {}: {}",
                           facts_.peer.text(),
                           facts_.listener,
                           what));
    finish(CloseReason::garbage);
}

// --- answering ----------------------------------------------------------------------------------

void ServerConnection::answer(std::uint64_t sequence, Responder::Answer answer) {
    if (is_over_ || sequence < first_sequence_) return;
    const auto index = static_cast<std::size_t>(sequence - first_sequence_);
    if (index >= slots_.size()) return;  // behind a request that closed the connection
    Slot& slot = slots_[index];
    CHECK(!slot.answer.has_value());
    in_work_bytes_ -= slot.frame_bytes;
    waiting_bytes_ += size_of(answer);
    context_.hold_answer(size_of(answer));
    const bool closes = std::holds_alternative<Responder::Close>(answer);
    slot.answer = std::move(answer);
    if (closes) finish(CloseReason::handler);
    flush();
    pump();
}

void ServerConnection::flush() {
    while (!is_over_ && !slots_.empty() && slots_.front().answer.has_value()) {
        Slot slot = std::move(slots_.front());
        slots_.pop_front();
        ++first_sequence_;
        std::visit(overloaded{[&](Responder::Body& body) { send(slot, std::move(body)); },
                              [](Responder::NoAnswer&) {},
                              [&](Responder::Close&) {
                                  // Answers to what came later are not wanted any more.
                                  for (const Slot& later : slots_) {
                                      if (!later.answer.has_value()) continue;
                                      context_.release_answer(size_of(*later.answer));
                                      waiting_bytes_ -= size_of(*later.answer);
                                  }
                                  first_sequence_ += slots_.size();
                                  slots_.clear();
                              }},
                   *slot.answer);
    }
    close_when_done();
}

void ServerConnection::send(const Slot& slot, Responder::Body body) {
    if (body.bytes.size() > context_.limits.answer_frame_bytes_max) {
        return give_up(slot, body.bytes.size());
    }
    trace::emit(context_.runtime.trace,
                trace::kinds::RequestAnswered{
                    .connection = static_cast<std::int64_t>(facts_.id),
                    .correlation = slot.header.correlation_id.value(),
                    .api_key = static_cast<std::int16_t>(slot.header.request_api_key),
                    .error = body.error},
                slot.event);
    const std::size_t body_bytes = body.bytes.size();
    Payload frame = protocol::encode_response_frame({.key = slot.header.request_api_key,
                                                     .version = slot.header.request_api_version,
                                                     .correlation_id = slot.header.correlation_id},
                                                    std::move(body.bytes));
    ++context_.counters.response_count;
    context_.hold_answer(frame.size() - body_bytes);
    waiting_bytes_ -= body_bytes;
    unsent_bytes_ += frame.size();
    const std::size_t frame_bytes = frame.size();
    connection_->write(std::move(frame),
                       tag_of(slot.header, Direction::response),
                       gate_.wrap([this, frame_bytes](const Expected<void, IoError>& result) {
                           written(frame_bytes, result);
                       }));
}

// An answer longer than a frame can announce: the peer asked for it, and loses its connection.
void ServerConnection::give_up(const Slot& slot, std::size_t body_bytes) {
    trace::log(context_.runtime.trace,
               trace::LogLevel::warning,
               "rpc",
               fmt::format("closing the connection of {} on {}: an answer to {} of {} bytes; a "
                           "frame holds {}",
                           facts_.peer.text(),
                           facts_.listener,
                           protocol::api_name(slot.header.request_api_key),
                           body_bytes,
                           context_.limits.answer_frame_bytes_max));
    context_.release_answer(body_bytes);
    waiting_bytes_ -= body_bytes;
    end(CloseReason::handler);
}

void ServerConnection::written(std::size_t bytes, const Expected<void, IoError>& result) {
    unsent_bytes_ -= bytes;
    context_.release_answer(bytes);
    if (!result) return end(CloseReason::peer);
    context_.counters.sent_bytes += bytes;
    last_moved_at_ = context_.runtime.clock.now();
    context_.memory_released();
    close_when_done();
    pump();
}

// --- ending -------------------------------------------------------------------------------------

void ServerConnection::finish(CloseReason reason) {
    if (is_finishing_ || is_over_) return;
    is_finishing_ = true;
    count_close(reason);
    close_when_done();
}

// Ends this side's stream behind the last answer, then reads until the peer has ended too: a
// connection dropped with unread bytes would be reset, and the reset overtakes the last answer.
void ServerConnection::close_when_done() {
    if (!is_finishing_ || is_closing_ || is_over_) return;
    if (!slots_.empty() || unsent_bytes_ > 0) return;
    is_closing_ = true;
    connection_->close();
    if (has_peer_ended_) return end(CloseReason::peer);
    linger_ = context_.runtime.executor.at(context_.runtime.clock.now() + linger_max,
                                           gate_.wrap([this] { end(CloseReason::peer); }));
    read_on();
}

void ServerConnection::end(CloseReason reason) {
    if (is_over_) return;
    is_over_ = true;
    if (!is_finishing_) count_close(reason);
    gate_.close();
    linger_.cancel();
    release_held();
    context_.memory_released();
    context_.gone(number_);
}

void ServerConnection::count_close(CloseReason reason) {
    switch (reason) {
        case CloseReason::garbage:
            ++context_.counters.garbage_closed_count;
            return;
        case CloseReason::idle:
            ++context_.counters.idle_closed_count;
            return;
        case CloseReason::stalled:
            ++context_.counters.stall_closed_count;
            return;
        case CloseReason::peer:
        case CloseReason::handler:
        case CloseReason::server:
            return;
    }
}

}  // namespace glasslog::rpc
