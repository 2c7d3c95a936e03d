#pragma once

// Envelope (API key 58): a broker forwards a client's request to the controller (KIP-590).

#include "core/protocol/api.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// request_data: header and body of the request, without a length. request_principal: a
// DefaultPrincipalData behind its version (int16). client_host_address: 4 or 16 bytes. What it
// carries is not printed: it may be credentials.
struct EnvelopeRequest {
    static constexpr std::string_view message_name = "EnvelopeRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::envelope;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    Bytes request_data;
    std::optional<Bytes> request_principal;
    Bytes client_host_address;

    static void walk(auto& self, auto& w) {
        w.field("request_data", self.request_data, secret());
        w.field("request_principal", self.request_principal, nullable());
        w.field("client_host_address", self.client_host_address);
    }

    friend bool operator==(const EnvelopeRequest&, const EnvelopeRequest&) = default;
};

// response_data: header and body of the answer; null when the envelope itself was refused.
struct EnvelopeResponse {
    static constexpr std::string_view message_name = "EnvelopeResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::envelope;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    std::optional<Bytes> response_data;
    WireError error_code = WireError::none;

    static void walk(auto& self, auto& w) {
        w.field("response_data", self.response_data, secret() | nullable());
        w.field("error_code", self.error_code);
    }

    friend bool operator==(const EnvelopeResponse&, const EnvelopeResponse&) = default;
};

// Who asked, as the broker authenticated it. type: "User". token_authenticated: by a delegation
// token.
struct DefaultPrincipalData {
    static constexpr std::string_view message_name = "DefaultPrincipalData";
    static constexpr MessageKind kind = MessageKind::data;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    std::string type;
    std::string name;
    bool token_authenticated = false;

    static void walk(auto& self, auto& w) {
        w.field("type", self.type);
        w.field("name", self.name);
        w.field("token_authenticated", self.token_authenticated);
    }

    friend bool operator==(const DefaultPrincipalData&, const DefaultPrincipalData&) = default;
};

}  // namespace glasslog::protocol
