#pragma once

// Text to scenario. Line-oriented: a word that opens the line says what it is; steps that belong to
// the block above are indented. Every error says where, what, what was expected, and the nearest
// word that would have been right.

#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "sim/scenario.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace glasslog::sim {

// where: the file's name, for errors ("x.scenario:3:7").
Expected<Scenario, InputError> parse_scenario(std::string_view text, const std::string& where);

// What serve is told while it runs.
struct RunUntil {
    Duration time;
};

struct RunFor {
    Duration time;
};

struct DoAt {
    std::optional<Duration> time;  // none: now
    std::vector<Step> steps;
};

// To the scenario's end, with its verdict.
struct Finish {};

using Command = std::variant<RunUntil, RunFor, DoAt, Finish>;

// "run until 3s", "run for 20ms", "crash b1", "at 3s crash b1", "end". `scenario` knows the names.
// number: of the line, from 1.
Expected<Command, InputError> parse_command(std::string_view line,
                                            const Scenario& scenario,
                                            std::int32_t number = 1);

// The word that is fewest edits away, if it is near enough to be meant.
std::string nearest_word(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace glasslog::sim
