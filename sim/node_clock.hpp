#pragma once

// The two clocks of one machine, each wrong in its own way, and the timers that run by them.

#include "core/runtime/clock.hpp"
#include "core/runtime/executor.hpp"
#include "sim/active_fault.hpp"
#include "sim/engine.hpp"

#include <vector>

namespace glasslog::sim {

class NodeClock final : public runtime::Clock {
public:
    NodeClock(Engine& engine, NodeId node, const WorldConfig& world, const ClockConfig& config);

    // --- runtime::Clock

    Instant now() const override;
    WallTime wall() const override;

    // --- the world's side

    // The monotonic clock begins at 0 again; the wall clock goes on.
    void boot();

    // The first Instant of the world at which now() is at least `local`.
    Instant world_time_of(Instant local) const;

    void inject(ActiveFault& fault);
    void heal(ActiveFault& fault);

    // A timer that is planned again when the clock changes its pace.
    class Timer final : public runtime::Timer::Pending {
    public:
        Timer(NodeClock& clock, Owner owner, Instant when, runtime::Task task);
        ~Timer() override;

    private:
        friend class NodeClock;
        void plan();
        void fire();

        NodeClock& clock_;
        Owner owner_;
        Instant when_;  // by the node's clock
        runtime::Task task_;
        trace::EventId cause_;
        Lane lane_;
        Engine::Ticket ticket_;
        Timer* next_ = nullptr;
        Timer* previous_ = nullptr;
    };

private:
    void follow_drifts();
    void set_drift(std::int32_t parts_per_million);
    void plan_timers();
    std::int64_t elapsed(Instant world) const;
    void link(Timer& timer);
    void unlink(Timer& timer);

    Engine& engine_;
    NodeId node_;
    std::int64_t configured_drift_;
    std::int64_t drift_;  // parts per million

    // Local time went on from here at the present pace.
    Instant anchor_world_;
    std::int64_t anchor_local_ = 0;
    std::int64_t booted_at_local_ = 0;
    std::int64_t jumped_ = 0;  // of the monotonic clock alone, since boot

    std::int64_t wall_base_ns_;  // at local 0

    // What makes a reading wrong, and so bites with each.
    std::vector<ActiveFault*> drifts_;
    ActiveFault* drifting_ =
        nullptr;  // the one of them that counts; null also when it changes nothing
    std::vector<ActiveFault*> jumps_;  // of the monotonic clock, since boot
    std::vector<ActiveFault*> wall_faults_;
    std::uint64_t timers_made_ = 0;
    Timer* first_ = nullptr;
    Timer* last_ = nullptr;
};

}  // namespace glasslog::sim
