#pragma once

// Registrar: the driver of a broker's Lifecycle (lifecycle.hpp): asks the active controller what
// the machine wants asked, and tells the broker when it may serve and when it may go. On reactor 0.

#include "core/base/unique_function.hpp"
#include "core/broker/controller_channel.hpp"
#include "core/broker/lifecycle.hpp"
#include "core/protocol/messages/broker_heartbeat.hpp"
#include "core/protocol/messages/broker_registration.hpp"
#include "core/runtime/gate.hpp"
#include "core/runtime/runtime.hpp"

namespace glasslog::broker {

class Registrar {
public:
    // registration: as it is sent every time.
    Registrar(const runtime::Runtime& runtime,
              ControllerChannel& channel,
              metadata::Service& service,
              protocol::BrokerRegistrationRequest registration,
              LifeTiming timing);

    // Callbacks never run inside a call of this class.
    void start(UniqueFunction<void(LifeStage)> entered,
               UniqueFunction<void(protocol::WireError)> failed);

    void logs_ready() { tell(LogsReady{}); }

    void leave() { tell(LeaveAsked{}); }

    void controller_changed() { tell(ControllerFound{}); }

    LifeStage stage() const { return life_.state().stage; }

    BrokerEpoch epoch() const { return life_.state().epoch; }

private:
    void tell(const LifeEvent& event);
    void carry_out(LifeEffects effects);
    void register_here();
    void beat(const Heartbeat& heartbeat);

    const runtime::Runtime& runtime_;
    ControllerChannel& channel_;
    metadata::Service& service_;
    protocol::BrokerRegistrationRequest registration_;
    Lifecycle life_;
    UniqueFunction<void(LifeStage)> entered_;
    UniqueFunction<void(protocol::WireError)> failed_;
    runtime::Timer timer_;
    runtime::Gate gate_;
};

}  // namespace glasslog::broker
