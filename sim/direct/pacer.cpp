#include "sim/direct/pacer.hpp"

#include "sim/invariants/eventual_leader.hpp"
#include "sim/invariants/no_disruption.hpp"
#include "sim/invariants/progress.hpp"
#include "sim/invariants/reconfig_not_stuck.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::sim::direct {
namespace {

constexpr Duration slice = Duration::milliseconds(250);

}  // namespace

Pacer::Pacer(World& world, const Pace& pace) : world_(&world), pace_(pace) {}

// A stretch of time depends on nothing but the world, so that a list of commands is a whole run:
// it begins at the latest clock, and what is under way is planned anew.
void Pacer::begin_anew() {
    now_ = Instant{};
    for (Flight& flight : world_->flights())
        flight.due = Instant{};
    for (std::size_t number = 1; number <= world_->nodes().size(); ++number) {
        Node& node = world_->node(number);
        now_ = std::max(now_, node.clock);
        for (PendingSync& pending : node.pending)
            pending.due = Instant{};
    }
}

Duration Pacer::draw(std::uint64_t key, std::uint64_t n, Duration min, Duration max) const {
    const std::uint64_t drawn = StableHash().add(pace_.seed).add(key).add(n).value();
    return Duration::nanoseconds(between(drawn, min.nanoseconds(), max.nanoseconds()));
}

// Gives what is new its time.
void Pacer::plan() {
    std::vector<Flight>& flights = world_->flights();
    for (std::size_t i = flights.size(); i > 0 && flights[i - 1].due == Instant{}; --i) {
        Flight& flight = flights[i - 1];
        const std::uint64_t link = std::uint64_t{flight.name.from} << 16 |
                                   std::uint64_t{flight.name.to} << 8 | flight.name.kind;
        Duration latency = draw(link, flight.name.n, pace_.latency_min, pace_.latency_max);
        if (pace_.slow.parts > 0) {
            const std::uint64_t drawn =
                StableHash().add(pace_.seed).add(~link).add(flight.name.n).value();
            if (pace_.slow.holds(drawn))
                latency = draw(link << 24, flight.name.n, pace_.latency_max, pace_.slow_max);
        }
        flight.due = now_ + latency;
    }
}

Due Pacer::next() {
    plan();
    Due due;
    const std::vector<Flight>& flights = world_->flights();
    for (std::size_t i = 0; i < flights.size(); ++i) {
        if (flights[i].due >= due.at) continue;
        if (world_->node(flights[i].name.to).is_paused) continue;
        due = {Verb::deliver, i, flights[i].due};
    }
    for (std::size_t number = 1; number <= world_->nodes().size(); ++number) {
        Node& node = world_->node(number);
        if (!node.can_run()) continue;
        if (!node.pending.empty()) {
            Instant& at = node.pending.front().due;
            if (at == Instant{}) {
                const NodeDisk::Point& point = node.pending.front().point;
                const std::uint64_t n = point.changes << 32 | point.saves;
                const bool installs = node.pending.front().installs.has_value();
                const Duration max = installs ? pace_.install_max : pace_.sync_max;
                at = now_ + draw(number << 32, n, pace_.sync_min, max);
            }
            if (at < due.at) due = {Verb::sync, number, at};
        }
        if (node.wake_at == Instant::never()) continue;
        if (node.wake_at < due.at) due = {Verb::tick, number, node.wake_at};
    }
    return due;
}

Command Pacer::command_of(const Due& due) const {
    Command command{.verb = due.verb};
    if (due.verb == Verb::deliver) {
        command.message = world_->flights()[due.index].name;
    } else {
        command.node = static_cast<std::uint8_t>(due.index);
    }
    command.at = std::max(now_, due.at);
    return command;
}

void Pacer::perform(const Due& due) {
    advance(due.at);
    if (due.verb == Verb::deliver) {
        world_->deliver(due.index, now_);
        return;
    }
    Command command{.verb = due.verb, .node = static_cast<std::uint8_t>(due.index)};
    command.at = now_;
    world_->apply(command);
}

void Pacer::run_for(Duration duration) {
    const Instant end = now_ + duration;
    while (!world_->finding()) {
        const Due due = next();
        if (due.at > end) break;
        perform(due);
    }
    advance(end);
}

bool Pacer::apply(const Command& command) {
    if (command.verb < Verb::run) return world_->apply(command);
    begin_anew();
    const Ratio slow = std::exchange(pace_.slow, Ratio{0, 1});
    const bool has_applied = apply_for_a_while(command);
    pace_.slow = slow;
    return has_applied;
}

bool Pacer::apply_for_a_while(const Command& command) {
    const Duration duration = Duration::milliseconds(command.count);
    if (command.verb == Verb::steady) return stay_steady(duration);
    if (command.verb == Verb::alone) return leave_alone(command.node, duration);
    if (command.verb == Verb::settle) return settle(duration);
    run_for(duration);
    return true;
}

// ------------------------------------------------------------------------------------- liveness

// Without a removed voter that had gone on to a later epoch before it could learn of that: it
// disturbs nobody, and nobody will ever tell it.
std::vector<ReplicaView> Pacer::views() const {
    std::vector<ReplicaView> views;
    const std::size_t leader = world_->leader();
    for (const Node& node : world_->nodes()) {
        if (!node.is_up()) continue;
        const raft::State& state = node.state();
        const raft::State& best = leader == 0 ? state : world_->node(leader).state();
        const bool is_voter = best.voters().contains(node.key);
        if (!is_voter && state.epoch > best.epoch) continue;
        const bool is_looking = state.role == raft::Role::prospective;
        views.push_back({.node = node.id,
                         .epoch = state.epoch,
                         .leader = is_looking ? no_node : state.leader,
                         .leads = state.role == raft::Role::leader,
                         .is_voter = is_voter,
                         .high_watermark = state.high_watermark,
                         .log_end = state.log_end,
                         .last_config = state.voter_history.back().offset,
                         .has_change = state.leading.change.has_value()});
    }
    return views;
}

bool Pacer::stay_steady(Duration duration) {
    const std::size_t before = world_->leader();
    if (before == 0) return false;
    const Leadership led{NodeId(static_cast<std::int32_t>(before)),
                         world_->node(before).state().epoch};
    run_for(duration);
    Leadership now;
    for (const ReplicaView& view : views()) {
        if (view.epoch > now.epoch) now = {view.leader, view.epoch};
    }
    world_->note(Theorem::no_disruption, no_disruption(led, now));
    return true;
}

bool Pacer::leave_alone(std::size_t number, Duration duration) {
    if (number == 0) number = world_->leader();
    if (number == 0 || number > world_->nodes().size()) return false;
    const Node& node = world_->node(number);
    if (!node.is_up() || node.state().role != raft::Role::leader) return false;
    if (node.state().voters().size() < 2) return false;
    const auto self = static_cast<std::uint8_t>(number);
    for (std::size_t other = 1; other <= world_->nodes().size(); ++other) {
        const auto peer = static_cast<std::uint8_t>(other);
        // Brokers go on to fetch: they keep nobody in office.
        if (other == number || !world_->node(other).can_vote) continue;
        world_->apply({.verb = Verb::cut, .node = self, .peer = peer});
        world_->apply({.verb = Verb::cut, .node = peer, .peer = self});
    }
    const LeaderEpoch epoch = node.state().epoch;
    world_->apply({.verb = Verb::propose, .node = self, .count = 1, .at = now_});
    run_for(duration);
    const bool still_leads =
        node.is_up() && node.state().role == raft::Role::leader && node.state().epoch == epoch;
    world_->note(Theorem::progress, lonely_leader_resigns(node.id, still_leads));
    world_->apply({.verb = Verb::heal});
    return true;
}

// True when a leader is followed by all before `end`.
bool Pacer::run_until_settled(Instant end) {
    while (now_ < end && !world_->finding()) {
        run_for(slice);
        const std::vector<ReplicaView> all = views();
        if (!eventual_leader(all) && !reconfig_not_stuck(all)) return true;
    }
    return false;
}

// True when all know before `end` that what was just proposed to the leader is committed; false
// also when there is another leader then.
bool Pacer::run_until_known(std::size_t leader, Instant end) {
    world_->apply(
        {.verb = Verb::propose, .node = static_cast<std::uint8_t>(leader), .count = 1, .at = now_});
    const Offset proposed = world_->node(leader).state().log_end;
    while (now_ < end && !world_->finding() && world_->leader() == leader) {
        run_for(slice);
        if (!progress(views(), proposed)) return true;
    }
    if (now_ >= end) world_->note(Theorem::progress, progress(views(), proposed));
    return false;
}

bool Pacer::settle(Duration duration) {
    world_->apply({.verb = Verb::heal});
    for (std::size_t number = 1; number <= world_->nodes().size(); ++number) {
        const auto self = static_cast<std::uint8_t>(number);
        world_->apply({.verb = Verb::resume, .node = self});
        world_->apply({.verb = Verb::restart, .node = self, .at = now_});
    }
    const Instant end = now_ + duration;
    while (run_until_settled(end)) {
        const std::size_t leader = world_->leader();
        if (leader != 0 && run_until_known(leader, end)) return true;
    }
    const std::vector<ReplicaView> all = views();
    world_->note(Theorem::eventual_leader, eventual_leader(all));
    world_->note(Theorem::reconfig_not_stuck, reconfig_not_stuck(all));
    return true;
}

}  // namespace glasslog::sim::direct
