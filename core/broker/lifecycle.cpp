#include "core/broker/lifecycle.hpp"

#include "core/base/check.hpp"

#include <algorithm>

namespace glasslog::broker {

using protocol::WireError;

std::string_view name(LifeStage stage) {
    switch (stage) {
        case LifeStage::starting:
            return "starting";
        case LifeStage::recovery:
            return "recovery";
        case LifeStage::running:
            return "running";
        case LifeStage::leaving:
            return "leaving";
        case LifeStage::gone:
            return "gone";
    }
    UNREACHABLE("stage {}", static_cast<int>(stage));
}

struct Lifecycle::Stepper {
    const LifeTiming& timing;
    LifeState& state;
    Instant now;
    LifeEffects fx = {};

    void enter(LifeStage stage) {
        state.stage = stage;
        fx.entered = stage;
    }

    bool is_over() const { return state.stage == LifeStage::gone; }

    // The interval until the next heartbeat, when all goes well.
    Duration interval() const {
        switch (state.stage) {
            case LifeStage::starting:
                return timing.eager_interval;
            case LifeStage::recovery:
                // Waiting for the controller's word only, not for the disk.
                return state.are_logs_ready ? timing.eager_interval : timing.heartbeat_interval;
            case LifeStage::leaving:
                return timing.leaving_interval;
            case LifeStage::running:
            case LifeStage::gone:
                return timing.heartbeat_interval;
        }
        UNREACHABLE("stage {}", static_cast<int>(state.stage));
    }

    void fail(WireError error) {
        fx.failed = LifeFailed{error};
        enter(LifeStage::gone);
    }

    void retry() {
        state.is_asking = false;
        const std::uint32_t doublings = std::min<std::uint32_t>(state.failure_count++, 16);
        const Duration backoff =
            std::min(timing.retry_backoff * (std::int64_t{1} << doublings),
                     std::min(timing.session_timeout, timing.heartbeat_interval));
        state.next_ask = now + backoff;
    }

    void on(const LifeBegins&) {
        state.deadline = now + timing.registration_timeout;
        state.next_ask = now;
    }

    void on(const RegistrationAnswer& answer) {
        switch (answer.error) {
            case WireError::none:
                break;
            case WireError::inconsistent_cluster_id:
            case WireError::unsupported_version:
            case WireError::invalid_registration:
                return fail(answer.error);  // it would be refused again
            default:
                return retry();  // another incarnation's session ends, a controller is found
        }
        state.is_asking = false;
        state.failure_count = 0;
        state.epoch = answer.epoch;
        if (state.stage != LifeStage::leaving) state.deadline = Instant::never();
        state.next_ask = now;
    }

    void on(const HeartbeatAnswer& answer) {
        if (answer.error == WireError::stale_broker_epoch ||
            answer.error == WireError::broker_id_not_registered) {
            // The cluster forgot this broker: it registers again, as it was.
            state.epoch = BrokerEpoch(-1);
            state.is_fenced = true;
            return retry();
        }
        if (answer.error != WireError::none) return retry();
        state.is_asking = false;
        state.failure_count = 0;
        state.is_fenced = answer.is_fenced;
        state.next_ask = now + interval();
        if (state.stage == LifeStage::leaving) {
            if (answer.should_shut_down) enter(LifeStage::gone);
            return;
        }
        if (state.stage == LifeStage::starting && answer.is_caught_up) {
            enter(LifeStage::recovery);
            state.next_ask = now + interval();
        }
        if (state.stage == LifeStage::recovery && state.are_logs_ready && !answer.is_fenced) {
            enter(LifeStage::running);
            state.next_ask = now + interval();
        }
    }

    void on(const ControllerSilent&) { retry(); }

    void on(const ControllerFound&) {
        if (state.is_asking || state.failure_count == 0) return;
        state.next_ask = now;
    }

    void on(const LogsReady&) {
        state.are_logs_ready = true;
        state.next_ask = now;
    }

    void on(const LeaveAsked&) {
        if (is_over() || state.stage == LifeStage::leaving) return;
        // Who was never registered leaves nothing behind.
        if (state.epoch == BrokerEpoch(-1)) return enter(LifeStage::gone);
        enter(LifeStage::leaving);
        state.deadline = now + timing.leave_timeout;
        state.next_ask = now;
    }

    void on(const LifeTick&) {
        if (now < state.deadline) return;
        state.deadline = Instant::never();
        if (state.stage == LifeStage::leaving) return enter(LifeStage::gone);
        if (state.epoch == BrokerEpoch(-1)) fail(WireError::request_timed_out);
    }

    void finish() {
        if (!is_over() && !state.is_asking && now >= state.next_ask) {
            state.is_asking = true;
            state.next_ask = Instant::never();
            if (state.epoch == BrokerEpoch(-1)) {
                fx.ask = Register{};
            } else {
                const bool is_leaving = state.stage == LifeStage::leaving;
                fx.ask = Heartbeat{state.epoch, !state.are_logs_ready, is_leaving};
            }
        }
        const Instant due = is_over() ? Instant::never() : std::min(state.deadline, state.next_ask);
        fx.wake_at = due;
    }
};

LifeEffects Lifecycle::step(Instant now, const LifeEvent& event) {
    Stepper stepper{timing_, state_, now};
    if (stepper.is_over()) return {};
    std::visit([&](const auto& one) { stepper.on(one); }, event);
    stepper.finish();
    return std::move(stepper.fx);
}

}  // namespace glasslog::broker
