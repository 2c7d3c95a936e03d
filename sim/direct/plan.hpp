#pragma once

// How one random run goes: which world, at which pace, which faults how often. Drawn from the seed
// by a portfolio of strategies: none of them finds everything (docs/simulator.md, "Direct depth").

#include "sim/direct/pacer.hpp"
#include "sim/direct/world.hpp"

#include <array>
#include <optional>
#include <string_view>

namespace glasslog::sim::direct {

enum class Strategy : std::uint8_t {
    uniform,          // every kind of fault, seldom
    swarm,            // some kinds, each at its own rate
    paired_crashes,   // two nodes, one soon after the other, back at once
    state_triggered,  // a fault at the very step that grants a vote, commits, appends, or leads
    wild,             // no time: any message, sync or timer next, links in an order of their own
    reconfigure,      // the voters change all the time
};

inline constexpr std::size_t strategy_count = 6;

std::string_view name_of(Strategy strategy);
std::optional<Strategy> find_strategy(std::string_view text);

// Faults and other acts that come by themselves, now and then.
enum class Act : std::uint8_t {
    propose,
    read,
    crash,
    crash_pair,
    isolate,  // one node, both ways
    one_way,  // one link
    deafen,   // one node hears nobody
    pause,
    wipe,
    resign,
    snapshot,
    change_voters,
    upgrade,  // of kraft.version
};

inline constexpr std::size_t act_count = 13;

// Steps of a node at which a fault may strike it.
enum class Trigger : std::uint8_t { vote, lead, commit, append };

inline constexpr std::size_t trigger_count = 4;

// What follows when the faults are over; all is settled first.
enum class Epilogue : std::uint8_t { none, rejoin, alone };

struct Plan {
    Strategy strategy = Strategy::uniform;
    WorldOptions world;
    Pace pace;
    Duration length;
    std::uint64_t seed = 1;
    std::array<Duration, act_count> every{};  // on average; zero: never
    Ratio drop{0, 1};
    Ratio fail{0, 1};
    Ratio duplicate{0, 1};
    std::array<Ratio, trigger_count> triggers{};
    Epilogue epilogue = Epilogue::none;

    Duration& every_of(Act act) { return every[static_cast<std::size_t>(act)]; }
};

struct ExploreOptions {
    std::optional<int> voters;
    std::optional<Strategy> strategy;
    raft::Rules rules;
    TheoremSet watched = all_theorems;
    bool has_faults = true;
};

Plan plan_of(const ExploreOptions& options, std::uint64_t seed);

// Which kinds of faults a run by this plan is to see.
std::uint32_t requested_bites(const Plan& plan);

}  // namespace glasslog::sim::direct
