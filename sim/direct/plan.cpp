#include "sim/direct/plan.hpp"

#include <span>

namespace glasslog::sim::direct {
namespace {

constexpr std::array<std::string_view, strategy_count> names{
    {"uniform", "swarm", "paired-crashes", "state-triggered", "wild", "reconfigure"}};

// One draw of each kind for a plan.
class Dice {
public:
    explicit Dice(std::uint64_t seed) : seed_(seed) {}

    std::uint64_t draw() { return StableHash().add(seed_).add(0x506C616E).add(++count_).value(); }

    std::uint64_t upto(std::uint64_t bound) { return below(draw(), bound); }

    bool holds(std::uint32_t parts, std::uint32_t whole) {
        return Ratio{parts, whole}.holds(draw());
    }

    Duration between_ms(std::int64_t low, std::int64_t high) {
        return Duration::milliseconds(between(draw(), low, high));
    }

private:
    std::uint64_t seed_;
    std::uint64_t count_ = 0;
};

int voters_of(Dice& dice) {
    constexpr std::array<int, 20> often{3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 5, 5, 5, 5, 4, 4, 2, 1};
    return often.at(dice.upto(often.size()));
}

void plan_world(Plan& plan, Dice& dice, const ExploreOptions& options) {
    WorldOptions& world = plan.world;
    const int drawn = voters_of(dice);
    world.voters = options.voters.value_or(drawn);
    world.spares = static_cast<int>(dice.upto(3));
    world.observers = static_cast<int>(dice.upto(2));
    world.kraft_version = dice.holds(1, 7) ? 0 : 1;
    if (plan.strategy == Strategy::reconfigure) {
        world.kraft_version = 1;
        world.spares = 2;
        world.joins_by_itself = dice.holds(1, 8);
    }
    if (world.kraft_version == 0) world.spares = 0;
    const bool is_fast = dice.holds(1, 2);
    if (is_fast) world.timing.fast_election_delay_max = Duration::milliseconds(50);
    world.timing.change_voter_timeout = Duration::milliseconds(3'000);
    world.rules = options.rules;
    world.watched = options.watched;
    world.seed = plan.seed;
}

void plan_pace(Plan& plan, Dice& dice) {
    Pace& pace = plan.pace;
    pace.seed = plan.seed;
    pace.latency_max = dice.between_ms(1, 40);
    pace.sync_max = dice.between_ms(1, dice.holds(1, 4) ? 300 : 15);
    plan.length = dice.between_ms(2'000, 10'000);
    plan.every_of(Act::propose) = dice.between_ms(20, 200);
    plan.every_of(Act::read) = dice.between_ms(100, 1'000);
}

// All but the upgrade, which has a plan of its own.
std::span<Duration> faults_of(Plan& plan) {
    return std::span(plan.every).first(static_cast<std::size_t>(Act::upgrade));
}

void plan_uniform(Plan& plan, Dice& dice) {
    for (Duration& every : faults_of(plan)) {
        if (every == Duration{}) every = dice.between_ms(2'000, 8'000);
    }
    plan.drop = {1, 100};
    plan.fail = {1, 200};
    plan.duplicate = {1, 50};
    plan.pace.slow = {1, 50};
}

void plan_swarm(Plan& plan, Dice& dice) {
    for (Duration& every : faults_of(plan)) {
        const bool is_on = dice.holds(1, 3);
        const Duration drawn = dice.between_ms(150, 4'000);
        if (every == Duration{} && is_on) every = drawn;
    }
    for (Ratio* const ratio : {&plan.drop, &plan.fail, &plan.duplicate, &plan.pace.slow}) {
        const bool is_on = dice.holds(1, 3);
        const auto parts = static_cast<std::uint32_t>(dice.upto(25));
        if (is_on) *ratio = {parts + 1, 100};
    }
}

void plan_crashes(Plan& plan, Dice& dice) {
    plan.every_of(Act::crash_pair) = dice.between_ms(200, 1'500);
    plan.pace.slow = {1, 40};
    plan.duplicate = {1, 50};
    if (dice.holds(1, 3)) plan.every_of(Act::isolate) = dice.between_ms(800, 3'000);
}

void plan_triggers(Plan& plan, Dice& dice) {
    for (Ratio& ratio : plan.triggers) {
        const bool is_on = dice.holds(1, 2);
        const auto rare = static_cast<std::uint32_t>(3 + dice.upto(40));
        if (is_on) ratio = {1, rare};
    }
    plan.triggers[static_cast<std::size_t>(dice.upto(trigger_count))] = {1, 5};
    plan.pace.slow = {1, 60};
    if (dice.holds(1, 3)) plan.every_of(Act::isolate) = dice.between_ms(800, 3'000);
}

void plan_changes(Plan& plan, Dice& dice) {
    plan.every_of(Act::change_voters) = dice.between_ms(50, 400);
    plan.every_of(Act::isolate) = dice.between_ms(300, 2'000);
    if (dice.holds(1, 2)) plan.every_of(Act::crash) = dice.between_ms(400, 3'000);
    if (dice.holds(1, 3)) plan.every_of(Act::snapshot) = dice.between_ms(400, 3'000);
    if (dice.holds(1, 3)) plan.every_of(Act::resign) = dice.between_ms(500, 3'000);
    if (dice.holds(1, 4)) plan.triggers[static_cast<std::size_t>(Trigger::lead)] = {1, 6};
    plan.pace.slow = {1, 50};
}

// What else runs are seldom like. Drawn last: it leaves the other runs as they are.
void plan_extremes(Plan& plan, Dice& dice) {
    // A snapshot that takes longer than the fetch timeout.
    const auto chunks = static_cast<std::uint32_t>(50 + dice.upto(150));
    if (dice.holds(1, 6)) plan.world.snapshot_chunks = chunks;
    // Hardly any writes: much happens to a leader that has nothing but committed records.
    if (!dice.holds(1, 6)) return;
    plan.every_of(Act::propose) = dice.between_ms(1'000, 5'000);
    plan.every_of(Act::read) = dice.between_ms(300, 3'000);
}

// Quorums that begin with voters in configuration files: some stay so, in others the voters are
// written into the log one day, and change from then on.
void plan_upgrade(Plan& plan, Dice& dice) {
    const bool is_late = dice.holds(1, 6);
    if (plan.strategy == Strategy::reconfigure && is_late) plan.world.kraft_version = 0;
    if (plan.world.kraft_version > 0) return;
    const bool is_raised = plan.strategy == Strategy::reconfigure || dice.holds(2, 3);
    const Duration every = dice.between_ms(300, 2'000);
    const auto spares = static_cast<int>(dice.upto(3));
    if (is_raised) {
        plan.every_of(Act::upgrade) = every;
        plan.world.spares = spares;
        return;
    }
    // A static voter that loses its disk forgets its vote: that is a mistake of its owner.
    plan.every_of(Act::wipe) = Duration{};
    plan.every_of(Act::change_voters) = Duration{};
}

}  // namespace

std::string_view name_of(Strategy strategy) {
    return names.at(static_cast<std::size_t>(strategy));
}

std::optional<Strategy> find_strategy(std::string_view text) {
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == text) return static_cast<Strategy>(i);
    }
    return std::nullopt;
}

Plan plan_of(const ExploreOptions& options, std::uint64_t seed) {
    Dice dice(seed);
    Plan plan;
    plan.seed = seed;
    plan.strategy = options.strategy.value_or(static_cast<Strategy>(seed % strategy_count));
    plan_world(plan, dice, options);
    plan_pace(plan, dice);
    plan.epilogue = static_cast<Epilogue>(dice.upto(3));
    if (!options.has_faults) return plan;
    switch (plan.strategy) {
        case Strategy::uniform:
        case Strategy::wild:
            plan_uniform(plan, dice);
            break;
        case Strategy::swarm:
            plan_swarm(plan, dice);
            break;
        case Strategy::paired_crashes:
            plan_crashes(plan, dice);
            break;
        case Strategy::state_triggered:
            plan_triggers(plan, dice);
            break;
        case Strategy::reconfigure:
            plan_changes(plan, dice);
            break;
    }
    plan_extremes(plan, dice);
    plan_upgrade(plan, dice);
    return plan;
}

std::uint32_t requested_bites(const Plan& plan) {
    std::uint32_t bites = 0;
    const auto request = [&](bool is_on, std::initializer_list<Bite> kinds) {
        for (const Bite kind : kinds)
            bites |= is_on ? 1U << static_cast<unsigned>(kind) : 0U;
    };
    const auto comes = [&](Act act) {
        return plan.every[static_cast<std::size_t>(act)] > Duration{};
    };
    request(comes(Act::crash) || comes(Act::crash_pair),
            {Bite::crash, Bite::lost_unsynced, Bite::restart, Bite::reset});
    request(comes(Act::isolate) || comes(Act::one_way) || comes(Act::deafen), {Bite::cut});
    request(comes(Act::pause), {Bite::pause});
    request(comes(Act::wipe), {Bite::wipe});
    request(comes(Act::resign), {Bite::resign});
    request(comes(Act::snapshot), {Bite::snapshot, Bite::install});
    request(comes(Act::change_voters), {Bite::voters_change});
    request(comes(Act::upgrade), {Bite::upgrade});
    request(plan.drop.parts > 0, {Bite::drop});
    request(plan.fail.parts > 0, {Bite::failure});
    request(plan.duplicate.parts > 0, {Bite::duplicate});
    request(plan.pace.slow.parts > 0, {Bite::reorder});
    const bool is_fast = plan.world.timing.fast_election_delay_max > Duration{};
    request(is_fast && comes(Act::crash), {Bite::refused});
    return bites;
}

}  // namespace glasslog::sim::direct
