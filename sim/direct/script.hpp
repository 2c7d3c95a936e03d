#pragma once

// A direct run as text: the world, then one command a line. What the shrinker prints, what --replay
// reads, and what scenarios/exhibits/direct holds.
//
//   # Why this happens, in comments.
//   nodes 3 0 0               voters, spares, observers
//   kraft 1                   kraft.version; 0: static voters
//   seed 7                    of timeouts and latencies
//   latency 5000000           of messages in `run`, `settle` …, at most, in nanoseconds
//   sync-time 4000000         of syncs there, at most
//   fast 50                   milliseconds of fast_election_delay_max; 0: no fast detection
//   joins yes                 spares ask to become voters
//   rule commit=any_epoch     the planted mistake, any number of them
//   watch R4                  only these theorems; all when there is no such line
//   expect R4                 a theorem that must break; or `expect holds`
//   tick 1
//   deliver 1>2 vote

#include "sim/direct/explorer.hpp"
#include "sim/direct/rules.hpp"

#include <optional>
#include <string>
#include <vector>

namespace glasslog::sim::direct {

struct Script {
    std::vector<std::string> comments;
    WorldOptions world;
    Pace pace;
    std::vector<const Mistake*> planted;  // also in world.rules
    bool is_expected = false;             // an `expect` line was there
    std::optional<Theorem> expected;      // none: it must hold
    std::vector<Command> commands;
};

Expected<Script, InputError> parse_script(std::string_view text, std::string_view name);

std::string text(const Script& script);

// What a run by the commands alone finds.
struct Replay {
    std::optional<Finding> finding;
    std::uint64_t steps = 0;
    std::uint64_t digest = 0;
    std::size_t used = 0;  // commands up to the finding
};

Replay replay(const WorldOptions& world, const Pace& pace, std::span<const Command> commands);

// The script of a run that was explored.
Script script_of(const RunReport& report, std::vector<const Mistake*> planted);

}  // namespace glasslog::sim::direct
