#include "sim/node_clock.hpp"

#include "core/base/check.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::sim {
namespace {

constexpr std::int64_t million = 1'000'000;

__extension__ using Wide = __int128;

}  // namespace

NodeClock::NodeClock(Engine& engine,
                     NodeId node,
                     const WorldConfig& world,
                     const ClockConfig& config)
    : engine_(engine),
      node_(node),
      configured_drift_(config.drift_parts_per_million),
      drift_(config.drift_parts_per_million),
      wall_base_ns_(world.wall_start.milliseconds() * million + config.wall_skew.nanoseconds()) {
    CHECK(drift_ > -million, "a clock that goes back");
}

std::int64_t NodeClock::elapsed(Instant world) const {
    const Wide real = (world - anchor_world_).nanoseconds();
    return anchor_local_ + static_cast<std::int64_t>(real * (million + drift_) / million);
}

Instant NodeClock::now() const {
    if (drifting_ != nullptr) ++drifting_->bites;
    for (ActiveFault* jump : jumps_)
        ++jump->bites;
    return Instant::from_nanoseconds(elapsed(engine_.now()) - booted_at_local_ + jumped_);
}

WallTime NodeClock::wall() const {
    std::int64_t ns = wall_base_ns_ + elapsed(engine_.now());
    if (drifting_ != nullptr) ++drifting_->bites;
    for (ActiveFault* fault : wall_faults_) {
        ++fault->bites;
        if (const auto* skew = std::get_if<ClockSkew>(&fault->fault)) ns += skew->by.nanoseconds();
    }
    return WallTime::from_milliseconds(ns / million);
}

void NodeClock::boot() {
    booted_at_local_ = elapsed(engine_.now());
    jumped_ = 0;
    jumps_.clear();
}

Instant NodeClock::world_time_of(Instant local) const {
    if (local == Instant::never()) return local;
    const Wide ahead = Wide(local.nanoseconds()) + booted_at_local_ - jumped_ - anchor_local_;
    if (ahead <= 0) return engine_.now();
    const Wide pace = million + drift_;
    const Wide real = (ahead * million + pace - 1) / pace;
    if (real > INT64_MAX - anchor_world_.nanoseconds()) return Instant::never();
    return anchor_world_ + Duration::nanoseconds(static_cast<std::int64_t>(real));
}

void NodeClock::set_drift(std::int32_t parts_per_million) {
    const std::int64_t local = elapsed(engine_.now());
    anchor_world_ = engine_.now();
    anchor_local_ = local;
    drift_ = parts_per_million;
    plan_timers();
}

// The last drift that was injected and has not healed counts.
void NodeClock::follow_drifts() {
    const ActiveFault* const before = drifting_;
    drifting_ = drifts_.empty() ? nullptr : drifts_.back();
    if (drifting_ == before) return;
    const std::int64_t pace = drifting_ == nullptr
                                  ? configured_drift_
                                  : std::get<ClockDrift>(drifting_->fault).parts_per_million;
    set_drift(static_cast<std::int32_t>(pace));
    if (pace == configured_drift_) drifting_ = nullptr;
}

void NodeClock::inject(ActiveFault& fault) {
    std::int64_t by = 0;
    if (const auto* skew = std::get_if<ClockSkew>(&fault.fault)) {
        by = skew->by.nanoseconds();
        if (by != 0) wall_faults_.push_back(&fault);
    }
    if (std::holds_alternative<ClockDrift>(fault.fault)) {
        drifts_.push_back(&fault);
        follow_drifts();
    }
    if (const auto* jump = std::get_if<ClockJump>(&fault.fault)) {
        CHECK(jump->monotonic >= Duration{}, "the monotonic clock never goes back");
        by = jump->wall.nanoseconds();
        jumped_ += jump->monotonic.nanoseconds();
        wall_base_ns_ += by;
        if (jump->monotonic > Duration{}) jumps_.push_back(&fault);
        if (by != 0) wall_faults_.push_back(&fault);
        plan_timers();
    }
    engine_.emit(node_, trace::kinds::ClockJumped{by, static_cast<std::int32_t>(drift_)});
}

void NodeClock::heal(ActiveFault& fault) {
    std::erase(wall_faults_, &fault);
    std::erase(drifts_, &fault);
    std::int64_t by = 0;
    if (const auto* skew = std::get_if<ClockSkew>(&fault.fault)) by = -skew->by.nanoseconds();
    follow_drifts();
    engine_.emit(node_, trace::kinds::ClockJumped{by, static_cast<std::int32_t>(drift_)});
}

// --- timers -------------------------------------------------------------------------------------

NodeClock::Timer::Timer(NodeClock& clock, Owner owner, Instant when, runtime::Task task)
    : clock_(clock),
      owner_(owner),
      when_(when),
      task_(std::move(task)),
      cause_(clock.engine_.cause()) {
    const auto node = static_cast<std::uint64_t>(clock.node_.value());
    lane_.key = StableHash().add(node).add(++clock.timers_made_).value();
    clock_.link(*this);
    plan();
}

NodeClock::Timer::~Timer() {
    clock_.engine_.cancel(ticket_);
    clock_.unlink(*this);
}

void NodeClock::Timer::plan() {
    if (when_ == Instant::never()) return;
    // Setting a timer takes time, so that one that is always due again lets time pass.
    const Instant soonest = clock_.engine_.now() + Duration::microseconds(1);
    const Instant world = std::max(clock_.world_time_of(when_), soonest);
    ticket_ = clock_.engine_.plan_caused(world, lane_, owner_, cause_, [this] { fire(); });
}

void NodeClock::Timer::fire() {
    ticket_ = {};
    if (clock_.world_time_of(when_) > clock_.engine_.now()) {
        plan();
        return;
    }
    clock_.unlink(*this);
    // The task may destroy this timer.
    runtime::Task task = std::move(task_);
    task();
}

void NodeClock::link(Timer& timer) {
    timer.previous_ = last_;
    (last_ == nullptr ? first_ : last_->next_) = &timer;
    last_ = &timer;
}

void NodeClock::unlink(Timer& timer) {
    if (timer.previous_ == nullptr && first_ != &timer) return;  // not linked
    (timer.previous_ == nullptr ? first_ : timer.previous_->next_) = timer.next_;
    (timer.next_ == nullptr ? last_ : timer.next_->previous_) = timer.previous_;
    timer.next_ = timer.previous_ = nullptr;
}

void NodeClock::plan_timers() {
    for (Timer* timer = first_; timer != nullptr; timer = timer->next_) {
        engine_.cancel(timer->ticket_);
        timer->plan();
    }
}

}  // namespace glasslog::sim
