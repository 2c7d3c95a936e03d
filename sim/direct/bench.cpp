#include "sim/direct/bench.hpp"

namespace glasslog::sim::direct {
namespace {

constexpr Duration proposal_every = Duration::milliseconds(10);
constexpr Duration resignation_every = Duration::seconds(5);
constexpr std::uint64_t steps_of_one_world = 100'000;  // so that its log stays small
constexpr Ratio loss{3, 10};

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

std::uint64_t count_lossy_elections(std::uint64_t seed, std::uint64_t steps) {
    WorldOptions options = bare(5);
    options.seed = seed;
    World world(options);
    Pace pace;
    pace.seed = seed;
    Pacer pacer(world, pace);
    std::uint64_t elections = 0;
    std::size_t led = 0;
    for (std::uint64_t drawn = 0; world.steps() < steps;) {
        const Due due = pacer.next();
        pacer.advance(due.at);
        const std::uint64_t draw = StableHash().add(seed).add(++drawn).value();
        if (due.verb == Verb::deliver && loss.holds(draw)) {
            world.apply({.verb = Verb::drop, .message = world.flights()[due.index].name});
            continue;
        }
        pacer.perform(due);
        const std::size_t leader = world.leader();
        if (leader == 0 || leader == led) continue;
        ++elections;
        led = leader;
        // It gives way to the next one at once.
        world.apply(
            {.verb = Verb::resign, .node = static_cast<std::uint8_t>(leader), .at = pacer.now()});
        led = 0;
    }
    return elections;
}

}  // namespace glasslog::sim::direct
