#include "sim/direct/bench.hpp"

namespace glasslog::sim::direct {
namespace {

constexpr Duration proposal_every = Duration::milliseconds(10);
constexpr Duration resignation_every = Duration::seconds(5);
constexpr std::uint64_t steps_of_one_world = 100'000;  // so that its log stays small

WorldOptions bare(int voters) {
    WorldOptions options;
    options.voters = voters;
    options.has_endpoints = false;
    options.is_checked = false;
    return options;
}

void tell_leader(World& world, Verb verb, Instant now) {
    const std::size_t leader = world.leader();
    if (leader == 0) return;
    world.apply({.verb = verb, .node = static_cast<std::uint8_t>(leader), .count = 1, .at = now});
}

}  // namespace

ElectionBench::ElectionBench() : world_(bare(3)), pacer_(world_, Pace{}) {}

std::uint64_t ElectionBench::run(std::uint64_t count) {
    const std::uint64_t begin = world_.steps();
    if (begin > steps_of_one_world) {
        world_ = World(bare(3));
        pacer_ = Pacer(world_, Pace{});
        return run(count);
    }
    while (world_.steps() - begin < count) {
        const Due due = pacer_.next();
        if (next_proposal_ <= due.at) {
            pacer_.advance(next_proposal_);
            tell_leader(world_, Verb::propose, pacer_.now());
            next_proposal_ = pacer_.now() + proposal_every;
        } else if (next_resignation_ <= due.at) {
            pacer_.advance(next_resignation_);
            tell_leader(world_, Verb::resign, pacer_.now());
            next_resignation_ = pacer_.now() + resignation_every;
        } else {
            pacer_.perform(due);
        }
    }
    return world_.steps() - begin;
}

namespace {

WorldOptions world_of(const ElectionOptions& elections) {
    WorldOptions options = bare(elections.voters);
    options.seed = elections.seed;
    return options;
}

Pace pace_of(std::uint64_t seed) {
    Pace pace;
    pace.seed = seed;
    return pace;
}

}  // namespace

LossyElections::LossyElections(const ElectionOptions& options)
    : options_(options), world_(world_of(options)), pacer_(world_, pace_of(options.seed)) {}

std::optional<Election> LossyElections::next(std::uint64_t steps_max) {
    const std::uint64_t end = world_.steps() + steps_max;
    while (world_.steps() < end) {
        const Due due = pacer_.next();
        pacer_.advance(due.at);
        const std::uint64_t draw = StableHash().add(options_.seed).add(++drawn_).value();
        if (due.verb == Verb::deliver && options_.loss.holds(draw)) {
            world_.apply({.verb = Verb::drop, .message = world_.flights()[due.index].name});
            continue;
        }
        pacer_.perform(due);
        const std::size_t leader = world_.leader();
        if (leader == 0) continue;
        const raft::State& state = world_.node(leader).state();
        if (state.epoch > epoch_) {
            election_ = {pacer_.now() - left_, state.epoch.value() - epoch_.value()};
            epoch_ = state.epoch;
        }
        if (!state.leading.has_committed) continue;
        end_leader(leader);
        left_ = pacer_.now();
        return election_;
    }
    return std::nullopt;
}

void LossyElections::end_leader(std::size_t leader) {
    Command command{.node = static_cast<std::uint8_t>(leader), .at = pacer_.now()};
    if (options_.end == LeaderEnd::resigns) {
        command.verb = Verb::resign;
        world_.apply(command);
        return;
    }
    command.verb = Verb::crash;
    world_.apply(command);
    command.verb = Verb::restart;
    world_.apply(command);
}

}  // namespace glasslog::sim::direct
