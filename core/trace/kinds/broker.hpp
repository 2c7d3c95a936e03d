#pragma once

// Requests inside a broker. `connection` and `correlation` join them with the messages.

#include "core/base/ids.hpp"
#include "core/trace/kinds/kind.hpp"

#include <cstdint>
#include <string>

namespace glasslog::trace::kinds {

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

// Waits for an offset or a deadline; what answers it names this event as second cause.
struct RequestParked {
    static constexpr KindFacts kind{41, "request_parked", Level::messages};

    std::int64_t connection = 0;
    std::int32_t correlation = 0;
    std::int16_t api_key = 0;
    std::int64_t deadline_ns = 0;  // Instant

    static void walk(auto& self, auto& w) {
        w.field("connection", self.connection);
        w.field("correlation", self.correlation);
        w.field("api_key", self.api_key);
        w.field("deadline_ns", self.deadline_ns);
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
