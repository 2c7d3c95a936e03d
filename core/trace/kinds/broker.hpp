#pragma once

// Requests inside a broker. `connection` and `correlation` join them with the messages.

#include "core/base/ids.hpp"
#include "core/trace/kinds/kind.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace glasslog::trace::kinds {

inline constexpr std::size_t client_name_bytes_max = 64;

// Its frame is complete and its header decoded.
struct RequestReceived {
    static constexpr KindFacts kind{40, "request_received", Level::messages};

    std::int64_t connection = 0;
    std::int32_t correlation = 0;
    std::int16_t api_key = 0;
    std::int16_t api_version = 0;
    std::int64_t bytes = 0;

    static void walk(auto& self, auto& w) {
        w.field("connection", self.connection);
        w.field("correlation", self.correlation);
        w.field("api_key", self.api_key);
        w.field("api_version", self.api_version);
        w.field("bytes", self.bytes);
    }
};

// How the client at the other end of a connection names itself, told with its first request. name:
// at most client_name_bytes_max bytes of printable ASCII, others as '?'; empty: it gave none.
struct ClientNamed {
    static constexpr KindFacts kind{43, "client_named", Level::state};

    std::int64_t connection = 0;
    std::string name;

    static void walk(auto& self, auto& w) {
        w.field("connection", self.connection);
        w.field("name", self.name);
    }
};

// error: the most severe WireError inside the response, 0 none.
struct RequestAnswered {
    static constexpr KindFacts kind{42, "request_answered", Level::messages};

    std::int64_t connection = 0;
    std::int32_t correlation = 0;
    std::int16_t api_key = 0;
    std::int16_t error = 0;

    static void walk(auto& self, auto& w) {
        w.field("connection", self.connection);
        w.field("correlation", self.correlation);
        w.field("api_key", self.api_key);
        w.field("error", self.error);
    }
};

}  // namespace glasslog::trace::kinds
