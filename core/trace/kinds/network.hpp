#pragma once

// Connections and what travels on them. A message's id is (connection, direction, position): both
// ends can compute it. Sent, delivered and dropped are three events with one id; the event's node
// is the sender for sent and moved, the receiver for delivered, the one at fault or the sender for
// dropped.

#include "core/base/ids.hpp"
#include "core/protocol/walk.hpp"
#include "core/trace/kinds/kind.hpp"

#include <cstdint>
#include <string>

namespace glasslog::trace::kinds {

// The event's node is `from`; on a real network the side that tells it, and each side tells it.
// no_node: the other side, of which a process knows only the address. local, peer: "127.0.0.1:9092"
// as that side sees the two ends, by which traces of several processes are joined; empty in a
// simulation.
struct ConnectionOpened {
    static constexpr KindFacts kind{20, "connection_opened", Level::state};

    std::int64_t connection = 0;
    NodeId from = no_node;  // the side that connected
    NodeId to = no_node;
    std::string local;
    std::string peer;

    static void walk(auto& self, auto& w) {
        w.field("connection", self.connection);
        w.field("from", self.from);
        w.field("to", self.to);
        w.field("local", self.local, protocol::tagged(0));
        w.field("peer", self.peer, protocol::tagged(1));
    }
};

// By either side, or by the network. reason: "closed", "reset", "crash", "cut".
struct ConnectionClosed {
    static constexpr KindFacts kind{21, "connection_closed", Level::state};

    std::int64_t connection = 0;
    std::string reason;

    static void walk(auto& self, auto& w) {
        w.field("connection", self.connection);
        w.field("reason", self.reason);
    }
};

// Told anew, after its MessageDropped, when what was lost is sent again. due_ns: the Instant at
// which the network means to deliver the last byte; -1 when unknown, as on a real network.
struct MessageSent {
    static constexpr KindFacts kind{22, "message_sent", Level::messages};

    std::int64_t connection = 0;
    bool is_from_opener = false;  // direction: written by the side that connected
    std::int64_t position = 0;    // of its first byte in that direction of the stream
    NodeId to = no_node;
    std::int16_t api_key = 0;  // -1: not a Kafka message
    std::int16_t api_version = 0;
    std::int32_t correlation = 0;
    bool is_response = false;
    std::int64_t bytes = 0;
    std::int64_t due_ns = 0;

    static void walk(auto& self, auto& w) {
        w.field("connection", self.connection);
        w.field("is_from_opener", self.is_from_opener);
        w.field("position", self.position);
        w.field("to", self.to);
        w.field("api_key", self.api_key);
        w.field("api_version", self.api_version);
        w.field("correlation", self.correlation);
        w.field("is_response", self.is_response);
        w.field("bytes", self.bytes);
        w.field("due_ns", self.due_ns);
    }
};

// A clog, a cut or a slow reader changed the plan; -1: held without an end.
struct MessageDueMoved {
    static constexpr KindFacts kind{23, "message_due_moved", Level::messages};

    std::int64_t connection = 0;
    bool is_from_opener = false;  // direction: written by the side that connected
    std::int64_t position = 0;    // of its first byte in that direction of the stream
    std::int64_t due_ns = 0;

    static void walk(auto& self, auto& w) {
        w.field("connection", self.connection);
        w.field("is_from_opener", self.is_from_opener);
        w.field("position", self.position);
        w.field("due_ns", self.due_ns);
    }
};

// Its last byte arrived.
struct MessageDelivered {
    static constexpr KindFacts kind{24, "message_delivered", Level::messages};

    std::int64_t connection = 0;
    bool is_from_opener = false;  // direction: written by the side that connected
    std::int64_t position = 0;    // of its first byte in that direction of the stream

    static void walk(auto& self, auto& w) {
        w.field("connection", self.connection);
        w.field("is_from_opener", self.is_from_opener);
        w.field("position", self.position);
    }
};

// Lost on its way: one try of it. reason: "cut", "no power", "half-open", "reset", "crash",
// "closed".
struct MessageDropped {
    static constexpr KindFacts kind{25, "message_dropped", Level::messages};

    std::int64_t connection = 0;
    bool is_from_opener = false;  // direction: written by the side that connected
    std::int64_t position = 0;    // of its first byte in that direction of the stream
    std::string reason;

    static void walk(auto& self, auto& w) {
        w.field("connection", self.connection);
        w.field("is_from_opener", self.is_from_opener);
        w.field("position", self.position);
        w.field("reason", self.reason);
    }
};

// One direction of a link. state: "up", "cut", "clogged", "slow".
struct LinkChanged {
    static constexpr KindFacts kind{26, "link_changed", Level::state};

    NodeId from = no_node;
    NodeId to = no_node;
    std::string state;

    static void walk(auto& self, auto& w) {
        w.field("from", self.from);
        w.field("to", self.to);
        w.field("state", self.state);
    }
};

}  // namespace glasslog::trace::kinds
