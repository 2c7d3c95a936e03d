#pragma once

// Byte streams between endpoints. Names are resolved inside; TLS would end inside.

#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/base/payload.hpp"
#include "core/base/unique_function.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace glasslog::runtime {

enum class Security : std::uint8_t { plaintext };

struct Endpoint {
    std::string host;
    std::uint16_t port = 0;
    Security security = Security::plaintext;

    std::string text() const;  // "127.0.0.1:9092", "[::1]:9092"

    friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

struct ListenerConfig {
    std::string name;   // of Kafka's `listeners`: PLAINTEXT, CONTROLLER, …
    Endpoint endpoint;  // port 0: any free one, see Listener::endpoint()
};

// What a message is, for delays and holds of the simulated network, which are keyed by it, and for
// the trace. The real network ignores it.
struct MessageTag {
    std::int16_t api_key = -1;  // -1: no Kafka message (garbage in a test, another protocol)
    std::int16_t api_version = -1;
    std::int32_t correlation_id = -1;
    bool is_response = false;
};

// One end of a byte stream. Destruction without close() resets it: the peer sees IoCode::reset and
// unread data is lost.
class Connection {
public:
    using ReadDone = UniqueFunction<void(Expected<Bytes, IoError>)>;
    using WriteDone = UniqueFunction<void(Expected<void, IoError>)>;

    virtual ~Connection() = default;

    // Between 1 and `max` bytes as soon as there are any; empty at the end of the stream. One read
    // at a time; not reading is the receiver's back-pressure.
    virtual void read(std::size_t max, ReadDone done) = 0;

    // Writes all of it, after earlier writes. `done` when the payload has left for the system's
    // buffers, so its memory may go. The writer bounds what it has outstanding; write_queue_bytes()
    // tells.
    virtual void write(Payload payload, MessageTag tag, WriteDone done) = 0;

    // Sends what was written, then ends this side's stream; reads go on.
    virtual void close() = 0;

    virtual std::size_t write_queue_bytes() const = 0;

    // The same number at both ends in the simulator; unique in a process in the real world.
    virtual std::uint64_t id() const = 0;

    virtual const std::string& listener() const = 0;  // name, empty on the connecting side
    virtual const Endpoint& local() const = 0;
    virtual const Endpoint& peer() const = 0;
};

// Destruction stops listening; accepted connections live on.
class Listener {
public:
    using AcceptDone = UniqueFunction<void(Expected<std::unique_ptr<Connection>, IoError>)>;

    virtual ~Listener() = default;

    // The next connection. One accept at a time; not accepting leaves peers in the backlog.
    virtual void accept(AcceptDone done) = 0;

    // With the port that was really bound.
    virtual const Endpoint& endpoint() const = 0;
};

class Transport {
public:
    using ConnectDone = UniqueFunction<void(Expected<std::unique_ptr<Connection>, IoError>)>;

    virtual ~Transport() = default;

    // Reactors of one node may listen on one endpoint; a new connection goes to one of them.
    virtual Expected<std::unique_ptr<Listener>, IoError> listen(const ListenerConfig& config) = 0;

    virtual void connect(const Endpoint& endpoint, ConnectDone done) = 0;
};

}  // namespace glasslog::runtime
