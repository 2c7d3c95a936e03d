#pragma once

// Pacer: moves a direct world through one virtual time in which nothing fails: messages take a
// drawn latency, syncs a drawn while, timers come when they are due. It also performs the verbs
// that speak of a stretch of time (run, steady, alone, settle) and checks the liveness theorems.
//
// Each draw is keyed by what it is about (link, kind, n-th message of it), so that one message more
// or less moves no other.

#include "sim/direct/world.hpp"
#include "sim/invariants/quorum_view.hpp"

#include <optional>
#include <vector>

namespace glasslog::sim::direct {

struct Pace {
    std::uint64_t seed = 1;
    Duration latency_min = Duration::microseconds(500);
    Duration latency_max = Duration::milliseconds(5);
    Ratio slow{0, 1};  // of the messages take up to slow_max
    Duration slow_max = Duration::milliseconds(800);
    Duration sync_min = Duration::microseconds(500);
    Duration sync_max = Duration::milliseconds(4);
    Duration install_max = Duration::milliseconds(300);  // of a snapshot
};

// What happens next. index: of the flight, or the node's number.
struct Due {
    Verb verb = Verb::tick;  // deliver, tick or sync
    std::size_t index = 0;
    Instant at = Instant::never();
};

class Pacer {
public:
    Pacer(World& world, const Pace& pace);

    Instant now() const { return now_; }

    // Time goes on to `at`, unless it is there.
    void advance(Instant at) { now_ = std::max(now_, at); }

    // The earliest; at is never() when nothing is planned. What a pause holds is not.
    Due next();

    // As a command, with the node's clock.
    Command command_of(const Due& due) const;

    void perform(const Due& due);

    // Any command, with those that take time; true when it applied.
    bool apply(const Command& command);

    Pace& pace() { return pace_; }

private:
    void plan();
    Duration draw(std::uint64_t key, std::uint64_t n, Duration min, Duration max) const;
    void begin_anew();
    void run_for(Duration duration);
    bool apply_for_a_while(const Command& command);
    bool stay_steady(Duration duration);
    bool leave_alone(std::size_t number, Duration duration);
    bool settle(Duration duration);
    bool run_until_settled(Instant end);
    bool run_until_known(std::size_t leader, Instant end);
    std::vector<ReplicaView> views() const;

    World* world_;
    Pace pace_;
    Instant now_;
};

}  // namespace glasslog::sim::direct
