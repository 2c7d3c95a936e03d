#include "core/broker/registrar.hpp"

#include "core/base/overloaded.hpp"

#include <utility>

namespace glasslog::broker {

Registrar::Registrar(const runtime::Runtime& runtime,
                     ControllerChannel& channel,
                     metadata::Service& service,
                     protocol::BrokerRegistrationRequest registration,
                     LifeTiming timing)
    : runtime_(runtime),
      channel_(channel),
      service_(service),
      registration_(std::move(registration)),
      life_(timing) {}

void Registrar::start(UniqueFunction<void(LifeStage)> entered,
                      UniqueFunction<void(protocol::WireError)> failed) {
    entered_ = std::move(entered);
    failed_ = std::move(failed);
    tell(LifeBegins{});
}

void Registrar::tell(const LifeEvent& event) {
    carry_out(life_.step(runtime_.clock.now(), event));
}

void Registrar::carry_out(LifeEffects effects) {
    if (effects.wake_at && *effects.wake_at != Instant::never()) {
        timer_ = runtime_.executor.at(*effects.wake_at, gate_.wrap([this] { tell(LifeTick{}); }));
    }
    if (effects.failed) {
        runtime_.executor.post(
            gate_.wrap([this, error = effects.failed->error] { failed_(error); }));
        return;
    }
    if (effects.entered) {
        runtime_.executor.post(gate_.wrap([this, stage = *effects.entered] { entered_(stage); }));
    }
    std::visit(overloaded{[](std::monostate) {},
                          [this](Register) { register_here(); },
                          [this](const Heartbeat& heartbeat) { beat(heartbeat); }},
               effects.ask);
}

void Registrar::register_here() {
    using Response = protocol::BrokerRegistrationResponse;
    channel_.ask<Response>(registration_, gate_.wrap([this](Expected<Response, std::string> got) {
        if (!got || got->error_code == protocol::WireError::not_controller) {
            return tell(ControllerSilent{});
        }
        tell(RegistrationAnswer{got->error_code, got->broker_epoch});
    }));
}

void Registrar::beat(const Heartbeat& heartbeat) {
    using Response = protocol::BrokerHeartbeatResponse;
    protocol::BrokerHeartbeatRequest request;
    request.broker_id = registration_.broker_id;
    request.broker_epoch = heartbeat.epoch;
    request.current_metadata_offset = service_.image()->offset;
    request.want_fence = heartbeat.wants_fence;
    request.want_shut_down = heartbeat.wants_shut_down;
    channel_.ask<Response>(std::move(request),
                           gate_.wrap([this](Expected<Response, std::string> got) {
                               if (!got || got->error_code == protocol::WireError::not_controller) {
                                   return tell(ControllerSilent{});
                               }
                               tell(HeartbeatAnswer{got->error_code,
                                                    got->is_caught_up,
                                                    got->is_fenced,
                                                    got->should_shut_down});
                           }));
}

}  // namespace glasslog::broker
