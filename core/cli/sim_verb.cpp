// glasslog sim run|trace|serve: scenarios in the deterministic simulator, and their traces.

#include "core/cli/campaign.hpp"
#include "core/cli/session.hpp"
#include "core/cli/verbs.hpp"
#include "core/os/file_sink.hpp"
#include "core/os/process.hpp"
#include "sim/run.hpp"
#include "sim/scenario_parser.hpp"
#include "sim/serve.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <unistd.h>

namespace glasslog::cli {
namespace {

struct SimFlags {
    std::string file;
    std::optional<std::uint64_t> seed;
    std::string seeds;  // "A..B"
    int jobs = 2;
    std::string trace;
    bool is_json = false;
    bool is_checked = false;  // --check-determinism
    std::string language = "en";
};

constexpr std::size_t scenario_bytes_max = 1 << 20;

constexpr const char* run_examples =
    "Examples:\n"
    "  glasslog sim run scenarios/lessons/power-loss.scenario --seed 7\n"
    "  glasslog sim run scenarios/lessons/power-loss.scenario --seeds 1..1000 --jobs 2\n"
    "  glasslog sim run my.scenario --trace my.trace && glasslog-gui my.trace\n"
    "  glasslog sim run my.scenario --seed 7 --check-determinism\n"
    "Exit codes: 0 holds, 1 violated, 2 unusable scenario, 3 nondeterminism, 4 a fault never bit.";

ExitCode complain(const std::string& text) {
    fmt::print(stderr, "glasslog sim: {}\n", text);
    return ExitCode::unusable;
}

Expected<sim::Scenario, InputError> read_scenario(const std::string& path) {
    auto text = os::read_file(path, scenario_bytes_max);
    if (!text) return Unexpected{unreadable(text.error(), "a readable scenario file")};
    return sim::parse_scenario(as_text(text->view()), path);
}

// Narration as it happens, on a line of its own with its virtual time.
void narrate(const SimFlags& flags,
             Instant at,
             const std::string& english,
             const std::string& portuguese) {
    const bool is_portuguese = flags.language == "pt_BR" && !portuguese.empty();
    fmt::print("{:>9}  {}\n", fmt::format("{}", at), is_portuguese ? portuguese : english);
}

// A run that holds and left no whole trace is not done.
ExitCode exit_of(const sim::RunReport& report) {
    for (const std::string& problem : report.unread_trace)
        fmt::print(stderr, "glasslog sim: the trace is incomplete: {}\n", problem);
    const bool holds = report.code == sim::RunCode::holds;
    if (holds && !report.unread_trace.empty()) return ExitCode::failed;
    return static_cast<ExitCode>(report.code);
}

ExitCode run_one(const sim::Scenario& scenario, const SimFlags& flags) {
    std::unique_ptr<os::FileSink> sink;
    if (!flags.trace.empty()) {
        auto created = os::FileSink::create(flags.trace);
        if (!created) return complain(fmt::format("--trace: {}", created.error().text()));
        sink = std::move(*created);
    }
    sim::RunOptions options;
    options.sink = sink.get();
    if (!flags.is_json) {
        options.say = [&](Instant at, const std::string& en, const std::string& pt) {
            narrate(flags, at, en, pt);
        };
    }
    const std::uint64_t seed = flags.seed.value_or(scenario.seed);
    const sim::RunReport report = flags.is_checked
                                      ? sim::check_determinism(scenario, seed)
                                      : sim::run_scenario(scenario, seed, std::move(options));
    fmt::print("{}\n", flags.is_json ? sim::report_json(report) : sim::report_text(report));
    if (flags.is_checked && !flags.is_json && report.code != sim::RunCode::diverged)
        fmt::print("  compared: two runs of seed {}, every event of them the same\n", seed);
    return exit_of(report);
}

ExitCode run(const SimFlags& flags) {
    const auto scenario = read_scenario(flags.file);
    if (!scenario) return complain(scenario.error().text());
    if (flags.seeds.empty()) return run_one(*scenario, flags);
    const auto seeds = parse_seeds(flags.seeds);
    if (!seeds)
        return complain(fmt::format("--seeds: '{}' is no range; expected A..B, for example 1..1000",
                                    flags.seeds));
    if (!flags.trace.empty())
        return complain("--trace: one run only; give --seed N instead of --seeds");
    return run_campaign(*scenario, *seeds, flags.jobs, flags.is_json ? Output::json : Output::text);
}

// Commands come as lines on standard input; the trace goes to standard output.
ExitCode serve(const SimFlags& flags) {
    const auto scenario = read_scenario(flags.file);
    if (!scenario) return complain(scenario.error().text());
    os::FileSink sink{os::Descriptor(STDOUT_FILENO)};
    sim::Serve serve(*scenario, flags.seed.value_or(scenario->seed), sink);
    std::string pending;
    while (!serve.is_ended()) {
        const auto bytes = os::read_some(STDIN_FILENO, 4096);
        if (!bytes || bytes->empty()) break;
        pending += as_text(bytes->view());
        if (pending.size() > scenario_bytes_max)
            return complain("standard input: a line of more than 1 MiB");
        for (std::size_t end = 0; (end = pending.find('\n')) != std::string::npos;) {
            const auto taken = serve.line(pending.substr(0, end));
            if (!taken) fmt::print(stderr, "{}\n", taken.error().text());
            pending.erase(0, end + 1);
        }
    }
    return serve.report() ? exit_of(*serve.report()) : ExitCode::interrupted;
}

using Flags = std::shared_ptr<SimFlags>;

void add_action(CLI::App& verb,
                const Flags& flags,
                Action& action,
                ExitCode (*perform)(const SimFlags&)) {
    verb.callback(
        [flags, &action, perform] { action = [flags, perform] { return perform(*flags); }; });
}

void add_run(CLI::App& sim, const Flags& flags, Action& action) {
    CLI::App* verb = sim.add_subcommand("run", "Run a scenario to its verdict");
    verb->add_option("scenario", flags->file, "A .scenario file")->required();
    auto* seed = verb->add_option("--seed", flags->seed, "Instead of the scenario's own");
    auto* seeds =
        verb->add_option("--seeds", flags->seeds, "A..B, both inclusive, in forked workers")
            ->excludes(seed);
    verb->add_option("--jobs", flags->jobs, "Workers for --seeds (default 2)")
        ->check(CLI::Range(1, 256));
    auto* trace = verb->add_option("--trace", flags->trace, "Write the trace to FILE");
    verb->add_option("--lang", flags->language, "Of the narration: en or pt_BR")
        ->check(CLI::IsMember({"en", "pt_BR"}));
    verb->add_flag("--json", flags->is_json, "One JSON object a run");
    verb->add_flag("--check-determinism",
                   flags->is_checked,
                   "Run the seed twice and compare every event")
        ->excludes(seeds)
        ->excludes(trace);
    verb->footer(run_examples);
    add_action(*verb, flags, action, run);
}

void add_serve(CLI::App& sim, const Flags& flags, Action& action) {
    CLI::App* verb = sim.add_subcommand(
        "serve",
        "Run a scenario by commands on standard input; the trace goes to standard output");
    verb->add_option("scenario", flags->file, "A .scenario file")->required();
    verb->add_option("--seed", flags->seed, "Instead of the scenario's own");
    verb->footer(
        "Commands: run until 3s | run for 20ms | crash b1 | at 3.2s crash b1 | end\n"
        "Example: printf 'run until 3s\\ncrash b1\\nend\\n' | glasslog sim serve my.scenario "
        ">my.trace");
    add_action(*verb, flags, action, serve);
}

}  // namespace

void add_sim_verb(CLI::App& app, Action& action) {
    CLI::App* verb =
        app.add_subcommand("sim",
                           "The deterministic simulator: run, trace, serve, direct, bench, "
                           "elections");
    verb->require_subcommand(1);
    auto flags = std::make_shared<SimFlags>();
    add_run(*verb, flags, action);
    add_serve(*verb, flags, action);
    add_trace_verb(*verb, action);
    add_direct_verb(*verb, action);
    add_bench_verb(*verb, action);
    add_elections_verb(*verb, action);
    verb->footer("Example: glasslog sim run scenarios/lessons/power-loss.scenario --seed 7");
}

}  // namespace glasslog::cli
