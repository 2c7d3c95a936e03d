#include "core/broker/controller_registrar.hpp"

#include <utility>

namespace glasslog::broker {

ControllerRegistrar::ControllerRegistrar(const runtime::Runtime& runtime,
                                         ControllerChannel& channel,
                                         metadata::Service& service,
                                         protocol::ControllerRegistrationRequest registration)
    : runtime_(runtime),
      channel_(channel),
      service_(service),
      registration_(std::move(registration)) {}

bool ControllerRegistrar::is_known() const {
    const auto& controllers = service_.image()->controllers;
    const auto at = controllers.find(registration_.controller_id);
    return at != controllers.end() && at->second.incarnation_id == registration_.incarnation_id;
}

void ControllerRegistrar::tell() {
    using Response = protocol::ControllerRegistrationResponse;
    if (is_asking_ || is_known()) return;
    is_asking_ = true;
    channel_.ask<Response>(registration_,
                           gate_.wrap([this](const Expected<Response, std::string>&) {
                               is_asking_ = false;
                               // Whatever the answer was: the image says whether it is done.
                               try_again_later();
                           }));
}

void ControllerRegistrar::try_again_later() {
    retry_ =
        runtime_.executor.at(runtime_.clock.now() + retry_interval, gate_.wrap([this] { tell(); }));
}

}  // namespace glasslog::broker
