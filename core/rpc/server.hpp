#pragma once

// The serving side of one reactor: accepts connections, cuts frames, hands requests to a Handler
// and sends the answers of each connection in the order of its requests. Everything that a peer
// can make us hold is bounded: see ServerLimits.

#include "core/base/bytes.hpp"
#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/base/payload.hpp"
#include "core/base/time.hpp"
#include "core/base/unique_function.hpp"
#include "core/protocol/frame.hpp"
#include "core/runtime/runtime.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <variant>

namespace glasslog::rpc {

// What peers may cost one reactor. Kafka's keys where Kafka has one; the rest is ours.
struct ServerLimits {
    std::size_t connection_count_max = 10'000;  // max.connections; one more is closed at once
    std::size_t request_bytes_max = 100 * 1024 * 1024;  // socket.request.max.bytes

    // Of one connection: requests handed out and not answered. Further frames wait unread. Behind
    // a Fetch nothing is handed out, as in Kafka behind any request: each may bring megabytes, and
    // how many is known only when they are there.
    std::size_t in_flight_count_max = 16;

    // Of one connection: while more answers than this are unsent, no further request is handed
    // out and nothing more is read.
    std::size_t response_queue_bytes_max = 1024 * 1024;

    // Of one answer without its header; what is longer closes its connection. At most what an
    // int32 can announce, less the header's few bytes.
    std::size_t answer_frame_bytes_max = INT32_MAX - 1024;

    // Of all connections together: answers that their peers have not taken. A fetch reads no more
    // than answer_bytes_left() allows. While less than half is left, no connection gets a second
    // answer before the first has left, and who holds one without moving for `stall_max` is
    // closed: readers who do not read cost little, and those who do little of their speed.
    std::size_t answer_bytes_max = 32 * 1024 * 1024;

    // Of all connections together: received and unanswered requests plus unsent answers
    // (queued.max.request.bytes). Once it is used up, only connections that hold next to nothing
    // go on, and a connection that holds memory without moving for `stall_max` is closed. At least
    // request_bytes_max.
    std::size_t memory_bytes_max = 128 * 1024 * 1024;
    Duration stall_max = Duration::seconds(5);

    // connections.max.idle.ms: of a connection without traffic and without a request in work.
    Duration idle_max = Duration::seconds(600);
};

// What happened since the start; tests and the window read it.
struct ServerCounters {
    std::uint64_t accepted_count = 0;
    std::uint64_t rejected_count = 0;     // closed at once: connection_count_max
    std::uint64_t idle_closed_count = 0;  // connections.max.idle.ms
    std::uint64_t stall_closed_count = 0;
    std::uint64_t garbage_closed_count = 0;  // frame length or header that cannot be
    std::uint64_t request_count = 0;
    std::uint64_t response_count = 0;
    std::uint64_t received_bytes = 0;
    std::uint64_t sent_bytes = 0;
    std::uint64_t memory_bytes_peak = 0;  // of what memory_bytes_max bounds
};

// Facts of the connection that a request came by; alive during Handler::handle only.
struct ConnectionFacts {
    std::uint64_t id = 0;  // runtime::Connection::id()
    std::string listener;  // name, as in `listeners`
    runtime::Endpoint local;
    runtime::Endpoint peer;
};

// The right to answer one request, once. Stays on the reactor of its connection (carry its place
// in a table there when other reactors work on the request). Dropped without an answer it closes
// the connection; after the connection or the server is gone it has no effect. Answers may be
// given inside Handler::handle or any time later, in any order: the server restores the order.
class Responder {
public:
    struct Body {
        Payload bytes;
        std::int16_t error = 0;
    };

    struct NoAnswer {};

    struct Close {};

    using Answer = std::variant<Body, NoAnswer, Close>;

    Responder() = default;

    explicit Responder(UniqueFunction<void(Answer)> deliver) : deliver_(std::move(deliver)) {}

    Responder(Responder&&) noexcept = default;
    Responder& operator=(Responder&& other) noexcept;
    ~Responder();

    // The encoded body without length and header, which the server adds. error: the most severe
    // WireError inside it, for the trace.
    void respond(Payload body, std::int16_t error = 0);

    // Produce with acks 0: nothing goes back, the connection goes on.
    void no_answer();

    // Earlier requests of the connection are still answered, later ones are not.
    void close_connection();

    // False after an answer was given.
    bool is_open() const { return static_cast<bool>(deliver_); }

private:
    void give(Answer answer);

    UniqueFunction<void(Answer)> deliver_;
};

// One request as it came. `body` shares the frame's memory, which stays counted until the
// responder has answered: who keeps bytes longer copies them.
struct Request {
    protocol::RequestHeader header;
    Bytes body;
    Instant received_at;
    runtime::EventId event;  // request_received in the trace: second cause of a later answer
    Responder responder;
};

// What answers the requests of a reactor. Called once for each complete frame with a readable
// header and a known api key, in order per connection; the version may still be unsupported.
class Handler {
public:
    virtual ~Handler() = default;

    virtual void handle(const ConnectionFacts& from, Request request) = 0;

    // A connection ended, however; never from inside handle().
    virtual void closed(const ConnectionFacts& /*from*/) {}
};

class Server {
public:
    // `handler` outlives the server.
    Server(const runtime::Runtime& runtime, const ServerLimits& limits, Handler& handler);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Starts to accept; may be called for several listeners. Returns the endpoint really bound.
    Expected<runtime::Endpoint, IoError> listen(const runtime::ListenerConfig& config);

    // Stops accepting and reading; `done` runs when every request in work has been answered and
    // sent, or at `deadline`, whichever is first; then every connection is closed.
    void stop(Instant deadline, UniqueFunction<void()> done);

    std::size_t connection_count() const;

    // Bytes of requests in work and unsent answers, and what is left of memory_bytes_max.
    std::size_t memory_bytes() const;
    std::size_t memory_bytes_left() const;

    // What is left of answer_bytes_max and of memory_bytes_max.
    std::size_t answer_bytes_left() const;
    const ServerCounters& counters() const;

private:
    class Reactor;  // the connections and what they share

    std::unique_ptr<Reactor> reactor_;
};

}  // namespace glasslog::rpc
