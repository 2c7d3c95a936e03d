#pragma once

// Lifecycle: a broker's life as its cluster sees it, as a machine of the first shape: it registers
// with the active controller, says that it lives, is let in when it has the metadata and its logs,
// and asks to leave before it stops. Sources: KIP-631, KIP-841; docs/metadata.md.
//
//   starting -> recovery      the controller says that this broker's metadata is up to date
//   recovery -> running       the logs are open, and the controller does not fence it any more
//   any      -> leaving       the stop was asked for: a controlled shutdown
//   leaving  -> gone          the controller lets it go, or does not answer in time

#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/protocol/errors.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

namespace glasslog::broker {

enum class LifeStage : std::uint8_t { starting, recovery, running, leaving, gone };

std::string_view name(LifeStage stage);

// Keys of Kafka's configuration.
struct LifeTiming {
    Duration heartbeat_interval = Duration::milliseconds(2'000);     // broker.heartbeat.interval.ms
    Duration session_timeout = Duration::milliseconds(9'000);        // broker.session.timeout.ms
    Duration registration_timeout = Duration::milliseconds(60'000);  // initial.broker.registration…
    Duration retry_backoff = Duration::milliseconds(100);  // doubles up to the session timeout
    Duration leave_timeout = Duration::milliseconds(10'000);
    Duration eager_interval = Duration::milliseconds(10);  // while starting
    Duration leaving_interval = Duration::milliseconds(50);
};

// ---------------------------------------------------------------------------------------- events

// The metadata can be read: who the controller is may be known.
struct LifeBegins {};

struct RegistrationAnswer {
    protocol::WireError error = protocol::WireError::none;
    BrokerEpoch epoch{-1};
};

struct HeartbeatAnswer {
    protocol::WireError error = protocol::WireError::none;
    bool is_caught_up = false;
    bool is_fenced = true;
    bool should_shut_down = false;
};

// No answer came, or no controller is known.
struct ControllerSilent {};

// The active controller changed: what waits for a retry goes out at once.
struct ControllerFound {};

// All logs are open.
struct LogsReady {};

struct LeaveAsked {};

struct LifeTick {};

using LifeEvent = std::variant<LifeBegins,
                               RegistrationAnswer,
                               HeartbeatAnswer,
                               ControllerSilent,
                               ControllerFound,
                               LogsReady,
                               LeaveAsked,
                               LifeTick>;

// --------------------------------------------------------------------------------------- effects

struct Register {};

struct Heartbeat {
    BrokerEpoch epoch;
    bool wants_fence = true;
    bool wants_shut_down = false;
};

// Why a broker cannot live.
struct LifeFailed {
    protocol::WireError error = protocol::WireError::request_timed_out;
};

struct LifeEffects {
    std::variant<std::monostate, Register, Heartbeat> ask;  // one question at a time
    std::optional<LifeStage> entered;
    std::optional<LifeFailed> failed;
    std::optional<Instant> wake_at;  // replaces the one before
};

struct LifeState {
    LifeStage stage = LifeStage::starting;
    BrokerEpoch epoch{-1};  // -1: not registered
    bool is_fenced = true;
    bool are_logs_ready = false;
    bool is_asking = false;
    std::uint32_t failure_count = 0;      // in a row
    Instant deadline = Instant::never();  // of the registration, of the leaving
    Instant next_ask = Instant::never();
};

class Lifecycle {
public:
    explicit Lifecycle(LifeTiming timing) : timing_(timing) {}

    [[nodiscard]] LifeEffects step(Instant now, const LifeEvent& event);

    const LifeState& state() const { return state_; }

private:
    struct Stepper;

    LifeTiming timing_;
    LifeState state_;
};

}  // namespace glasslog::broker
