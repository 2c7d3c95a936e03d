#pragma once

// Many seeds of one scenario, in forked workers: an abort of one seed is a finding with its seed,
// and ends nothing else.

#include "core/cli/exit_code.hpp"
#include "sim/scenario.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace glasslog::cli {

// Both inclusive.
struct SeedRange {
    std::uint64_t first = 1;
    std::uint64_t last = 1;
};

// "A..B"; nothing unless A <= B.
std::optional<SeedRange> parse_seeds(std::string_view text);

enum class Output : std::uint8_t { text, json };

// Runs every seed, tells progress on standard error (when it is a terminal) and a summary, or one
// JSON line a seed, on standard output. The worst outcome is the exit code; a kind of fault that
// bit in no seed at all makes it false_green.
ExitCode run_campaign(const sim::Scenario& scenario, SeedRange seeds, int jobs, Output output);

// Runs one seed; its report as sim::report_json() gives it. Called in a worker.
using RunSeed = std::function<std::string(std::uint64_t seed)>;

ExitCode run_campaign(const RunSeed& run, SeedRange seeds, int jobs, Output output);

}  // namespace glasslog::cli
