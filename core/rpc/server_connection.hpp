#pragma once

// One accepted connection: frames in, requests out to the handler, answers back in order.

#include "core/rpc/frame_buffer.hpp"
#include "core/rpc/memory_budget.hpp"
#include "core/rpc/server.hpp"
#include "core/runtime/gate.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace glasslog::rpc {

// Why a connection ended; decides the counter and the log line.
enum class CloseReason : std::uint8_t { peer, handler, garbage, idle, stalled, server };

// What the connections of a reactor share, and what they tell it.
class ServerContext {
public:
    ServerContext(const runtime::Runtime& shared_runtime,
                  const ServerLimits& shared_limits,
                  Handler& shared_handler)
        : runtime(shared_runtime),
          limits(shared_limits),
          handler(shared_handler),
          budget(shared_limits.memory_bytes_max) {}

    virtual ~ServerContext() = default;

    // A responder that delivers to `sequence` of connection `number`, if that still lives.
    virtual Responder make_responder(std::uint64_t number,
                                     std::uint64_t sequence,
                                     std::uint32_t request_bytes) = 0;

    // Counts an answer that its peer has not taken, until release_answer.
    virtual void hold_answer(std::size_t bytes) = 0;

    void release_answer(std::size_t bytes) {
        budget.release(bytes);
        answer_bytes -= bytes;
    }

    // More than half of answer_bytes_max waits for peers.
    bool is_short_of_answers() const { return answer_bytes > limits.answer_bytes_max / 2; }

    // The connection wants to go on but memory is used up: resume() it when some is free again.
    virtual void wait_for_memory(std::uint64_t number) = 0;

    // Memory became free.
    virtual void memory_released() = 0;

    // The connection is over; destroy it, after the present task.
    virtual void gone(std::uint64_t number) = 0;

    runtime::Runtime runtime;
    ServerLimits limits;
    Handler& handler;
    MemoryBudget budget;
    std::size_t answer_bytes = 0;  // of the budget
    ServerCounters counters;
};

class ServerConnection {
public:
    ServerConnection(ServerContext& context,
                     std::uint64_t number,
                     std::unique_ptr<runtime::Connection> connection);
    ~ServerConnection();

    // Begins to read; also called again when memory is free.
    void resume();

    // Of a responder. The request's bytes are released by the caller.
    void answer(std::uint64_t sequence, Responder::Answer answer);

    // No further requests; what is in work is still answered, then the connection closes.
    void finish(CloseReason reason);

    // Ends it without waiting for answers.
    void end(CloseReason reason);

    // Counts bytes that left as a sign of life. Called before the two questions below.
    void observe_progress();

    Instant last_moved_at() const { return last_moved_at_; }

    // Nothing here waits for the handler: it is the peer's turn.
    bool is_peers_turn() const { return slots_.empty(); }

    // When memory is short: it is the peer's turn, or it waits in a Fetch, perhaps for months, and
    // nobody behind that would miss an answer.
    bool may_be_ended() const { return slots_.empty() || (slots_.size() == 1 && awaits_fetch()); }

    // Received or unsent bytes: what the peer makes us hold.
    std::size_t held_bytes() const;

    const ConnectionFacts& facts() const { return facts_; }

private:
    // A request in work, or an answer that waits for an earlier one.
    struct Slot {
        protocol::RequestHeader header;
        std::size_t frame_bytes = 0;
        runtime::EventId event;
        std::optional<Responder::Answer> answer;
    };

    void read_on();
    void received(Expected<Bytes, IoError> chunk);
    void account_buffer();
    bool is_full() const;
    bool awaits_fetch() const;
    void release_held();
    void pump();
    bool take_next_frame();
    void accept_frame(const Bytes& frame);
    void refuse(const std::string& what);
    void tell_client(const protocol::RequestHeader& header);
    void flush();
    void send(const Slot& slot, Responder::Body body);
    void give_up(const Slot& slot, std::size_t body_bytes);
    void written(std::size_t bytes, const Expected<void, IoError>& result);
    void close_when_done();
    void count_close(CloseReason reason);

    ServerContext& context_;
    std::uint64_t number_;
    std::unique_ptr<runtime::Connection> connection_;
    ConnectionFacts facts_;

    FrameBuffer frames_;
    std::size_t buffer_bytes_ = 0;  // of frames_, as counted in the budget
    bool is_reading_ = false;
    bool is_pumping_ = false;
    bool is_finishing_ = false;  // takes no further requests
    bool is_closing_ = false;    // this side's stream has ended
    bool has_peer_ended_ = false;
    bool is_over_ = false;
    bool is_client_told_ = false;

    std::deque<Slot> slots_;
    std::uint64_t first_sequence_ = 0;  // of slots_.front()
    std::size_t in_work_bytes_ = 0;     // frames of the requests in slots_ without an answer
    std::size_t waiting_bytes_ = 0;     // answers in slots_
    std::size_t unsent_bytes_ = 0;      // answers given to the transport

    std::size_t last_queue_bytes_ = 0;
    Instant last_moved_at_;
    runtime::Timer linger_;
    runtime::Gate gate_;
};

}  // namespace glasslog::rpc
