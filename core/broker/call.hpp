#pragma once

// Call: one request on its way through the broker: who asked what in which version, and the right
// to answer.

#include "core/base/payload.hpp"
#include "core/protocol/codec.hpp"
#include "core/rpc/server.hpp"

#include <optional>
#include <string>

namespace glasslog::broker {

template <typename Body>
struct Call {
    Body body;
    protocol::Version version;
    std::string client_id;  // "" when null
    std::string listener;   // that the request came by
    runtime::EventId event;
    rpc::Responder responder;

    template <typename Response>
    void answer(const Response& response) {
        responder.respond(protocol::encode(response, version));
    }
};

}  // namespace glasslog::broker
