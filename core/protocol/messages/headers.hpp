#pragma once

// What stands before the body of every request and response. Which version of it: frame.hpp.

#include "core/protocol/api.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// Version 0, without client_id, was only for ControlledShutdown 0, which is not spoken.
struct RequestHeader {
    static constexpr std::string_view message_name = "RequestHeader";
    static constexpr MessageKind kind = MessageKind::header;
    static constexpr VersionRange versions{1, 2};
    static constexpr Version flexible_from{2};

    ApiKey request_api_key = ApiKey{0};
    Version request_api_version;
    CorrelationId correlation_id;
    std::optional<std::string> client_id;

    static void walk(auto& self, auto& w) {
        w.field("request_api_key", self.request_api_key);
        w.field("request_api_version", self.request_api_version);
        w.field("correlation_id", self.correlation_id);
        w.field("client_id", self.client_id, since(1) | nullable() | rigid());
    }

    friend bool operator==(const RequestHeader&, const RequestHeader&) = default;
};

// Version 1 only adds the tag buffer.
struct ResponseHeader {
    static constexpr std::string_view message_name = "ResponseHeader";
    static constexpr MessageKind kind = MessageKind::header;
    static constexpr VersionRange versions{0, 1};
    static constexpr Version flexible_from{1};

    CorrelationId correlation_id;

    static void walk(auto& self, auto& w) { w.field("correlation_id", self.correlation_id); }

    friend bool operator==(const ResponseHeader&, const ResponseHeader&) = default;
};

}  // namespace glasslog::protocol
