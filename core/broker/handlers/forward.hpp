#pragma once

// Requests that only the active controller decides: a broker passes them on, wherever that is.

#include "core/broker/call.hpp"
#include "core/broker/reactor.hpp"

#include <utility>

namespace glasslog::broker {

// The channel to the controller is on reactor 0. When too much is outstanding `done` is dropped,
// and the connection closes.
template <typename Response, typename Body>
void ask_controller(Reactor& reactor,
                    Body body,
                    protocol::Version version,
                    AnswerDone<Response> done) {
    const bool is_asked = reactor.ask<Response>(
        ReactorId(0),
        [version, body = std::move(body)](Reactor& there, AnswerDone<Response> reply) mutable {
            there.control().forward<Response>(std::move(body), version, std::move(reply));
        },
        std::move(done));
    ignore(is_asked, "the connection closes");
}

template <typename Response, typename Body>
void forward_to_controller(Reactor& reactor, Call<Body> call) {
    auto body = std::move(call.body);
    const protocol::Version version = call.version;
    ask_controller<Response>(reactor,
                             std::move(body),
                             version,
                             [call = std::move(call)](const Response& response) mutable {
                                 call.answer(response);
                             });
}

}  // namespace glasslog::broker
