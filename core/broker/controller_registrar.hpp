#pragma once

// ControllerRegistrar: makes a controller known to its cluster: where it listens and what it can.
// Tells the active controller until the image says so. On reactor 0. Source: KIP-919.

#include "core/broker/controller_channel.hpp"
#include "core/protocol/messages/controller_registration.hpp"
#include "core/runtime/gate.hpp"
#include "core/runtime/runtime.hpp"

namespace glasslog::broker {

class ControllerRegistrar {
public:
    ControllerRegistrar(const runtime::Runtime& runtime,
                        ControllerChannel& channel,
                        metadata::Service& service,
                        protocol::ControllerRegistrationRequest registration);

    // Begins; called again when there is a new active controller.
    void tell();

private:
    static constexpr Duration retry_interval = Duration::milliseconds(500);

    bool is_known() const;
    void try_again_later();

    const runtime::Runtime& runtime_;
    ControllerChannel& channel_;
    metadata::Service& service_;
    protocol::ControllerRegistrationRequest registration_;
    bool is_asking_ = false;
    runtime::Timer retry_;
    runtime::Gate gate_;
};

}  // namespace glasslog::broker
