// glasslog sim bench: how fast the simulator is, one row a figure.

#include "core/cli/verbs.hpp"
#include "core/os/os_clock.hpp"
#include "sim/direct/bench.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <memory>
#include <optional>
#include <string>

namespace glasslog::cli {
namespace {

using Json = nlohmann::ordered_json;

struct BenchFlags {
    std::string only;
    int seconds = 2;
    bool is_json = false;
};

// Counts what was done while the clock says so. goal: none for a figure that is only reported.
struct Row {
    const char* name;
    const char* unit;
    std::optional<std::uint64_t> goal;
    std::uint64_t (*run)(const os::OsClock& clock, Instant end);
};

std::uint64_t run_direct_election(const os::OsClock& clock, Instant end) {
    sim::direct::ElectionBench bench;
    std::uint64_t steps = 0;
    while (clock.now() < end)
        steps += bench.run(10'000);
    return steps;
}

std::uint64_t run_lossy_elections(const os::OsClock& clock, Instant end) {
    std::uint64_t elections = 0;
    for (std::uint64_t seed = 1; clock.now() < end; ++seed) {
        sim::direct::LossyElections world({.seed = seed});
        while (world.steps() < 20'000 && world.next())
            ++elections;
    }
    return elections;
}

constexpr std::array<Row, 2> rows{
    {{"direct-election", "events/s", 3'000'000, run_direct_election},
     {"elections-lossy-5", "elections/s", std::nullopt, run_lossy_elections}}};

Json measure(const Row& row, Duration length) {
    const os::OsClock clock;
    const Instant begin = clock.now();
    const std::uint64_t count = row.run(clock, begin + length);
    const auto spent = static_cast<std::uint64_t>((clock.now() - begin).milliseconds());
    const std::uint64_t value = count * 1'000 / std::max<std::uint64_t>(spent, 1);
    Json json{{"name", row.name}, {"value", value}, {"unit", row.unit}};
    json["goal"] = row.goal ? Json(*row.goal) : Json();
    json["met"] = row.goal ? Json(value >= *row.goal) : Json();
    return json;
}

ExitCode run_bench(const BenchFlags& flags) {
    bool is_known = flags.only.empty();
    bool is_met = true;
    for (const Row& row : rows) {
        if (!flags.only.empty() && flags.only != row.name) continue;
        is_known = true;
        const Json json = measure(row, Duration::seconds(flags.seconds));
        is_met &= !json["met"].is_boolean() || json["met"].get<bool>();
        if (flags.is_json) {
            fmt::print("{}\n", json.dump());
            continue;
        }
        fmt::print("{:<20} {:>12} {:<12} {}\n",
                   row.name,
                   json["value"].get<std::uint64_t>(),
                   row.unit,
                   row.goal ? fmt::format("goal {}", *row.goal) : "");
    }
    if (!is_known) {
        fmt::print(stderr, "glasslog sim bench: --only: no row '{}'\n", flags.only);
        return ExitCode::unusable;
    }
    return is_met ? ExitCode::done : ExitCode::failed;
}

}  // namespace

void add_bench_verb(CLI::App& sim, Action& action) {
    CLI::App* verb = sim.add_subcommand("bench", "How fast the simulator is");
    auto flags = std::make_shared<BenchFlags>();
    verb->add_option("--only", flags->only, "One row: direct-election, elections-lossy-5");
    verb->add_option("--seconds", flags->seconds, "Of each row (default 2)")
        ->check(CLI::Range(1, 600));
    verb->add_flag("--json", flags->is_json, "One JSON object a row");
    verb->footer("Example: glasslog sim bench --json --only direct-election");
    verb->callback([flags, &action] { action = [flags] { return run_bench(*flags); }; });
}

}  // namespace glasslog::cli
