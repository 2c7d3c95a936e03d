// glasslog sim direct: Raft machines that exchange typed messages, held against the theorems of
// the simulator; random runs, replays, shrinking, and every run of a small world.

#include "core/cli/campaign.hpp"
#include "core/cli/verbs.hpp"
#include "core/os/os_clock.hpp"
#include "core/os/process.hpp"
#include "sim/direct/exhaustive.hpp"
#include "sim/direct/shrink.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace glasslog::cli {
namespace {

namespace direct = sim::direct;
using Json = nlohmann::ordered_json;

struct DirectFlags {
    std::optional<std::uint64_t> seed;
    std::string seeds;  // "A..B"
    int jobs = 2;
    std::vector<std::string> rules;
    std::vector<std::string> watched;
    std::optional<int> voters;
    std::string strategy;
    std::string file;
    bool is_json = false;
    bool is_traced = false;
    bool is_shrunk = false;
    bool is_exhaustive = false;
    bool begins_led = false;
    int depth = 12;
    std::uint64_t states_max = 2'000'000;
};

constexpr std::size_t script_bytes_max = 16 << 20;
constexpr std::uint64_t replays_max = 20'000;

constexpr const char* examples =
    "Examples:\n"
    "  glasslog sim direct --seeds 1..100000 --jobs 2\n"
    "  glasslog sim direct --seed 7 --trace\n"
    "  glasslog sim direct --seeds 1..1000 --rule commit=any_epoch\n"
    "  glasslog sim direct --seed 1 --rule read=from_memory --shrink > stale-read.direct\n"
    "  glasslog sim direct --replay stale-read.direct\n"
    "  glasslog sim direct --exhaustive --depth 12\n"
    "Exit codes: 0 holds, 1 violated, 2 unusable input, 4 a fault never bit.";

ExitCode complain(const std::string& text) {
    fmt::print(stderr, "glasslog sim direct: {}\n", text);
    return ExitCode::unusable;
}

struct Request {
    direct::ExploreOptions options;
    std::vector<const direct::Mistake*> planted;
};

std::string theorem_list() {
    std::string list;
    for (std::size_t i = 0; i < direct::theorem_count; ++i) {
        const direct::TheoremName name = direct::name_of(static_cast<direct::Theorem>(i));
        list += fmt::format("{}{} {}", i == 0 ? "one of " : ", ", name.id, name.name);
    }
    return list;
}

Expected<Request, InputError> request_of(const DirectFlags& flags) {
    Request request;
    request.options.voters = flags.voters;
    for (const std::string& rule : flags.rules) {
        const direct::Mistake* const mistake = TRY(direct::find_mistake(rule, "--rule"));
        mistake->plant(request.options.rules);
        request.planted.push_back(mistake);
    }
    if (!flags.watched.empty()) request.options.watched = 0;
    for (const std::string& name : flags.watched) {
        const auto theorem = direct::find_theorem(name);
        if (!theorem)
            return Unexpected{
                InputError{"--watch", "no theorem '" + name + "'", theorem_list(), {}}};
        request.options.watched |= direct::set_of(*theorem);
    }
    if (flags.strategy.empty()) return request;
    request.options.strategy = direct::find_strategy(flags.strategy);
    if (!request.options.strategy)
        return Unexpected{InputError{"--strategy",
                                     "no strategy '" + flags.strategy + "'",
                                     "uniform, swarm, paired-crashes, state-triggered, wild, "
                                     "reconfigure",
                                     {}}};
    return request;
}

std::string verdict(const std::optional<direct::Finding>& finding) {
    if (!finding) return "holds";
    const direct::TheoremName name = direct::name_of(finding->theorem);
    return fmt::format("{} {} at event {}: {}", name.id, name.name, finding->event, finding->text);
}

Json json_of(const direct::RunReport& report) {
    Json faults = Json::array();
    bool is_bitten = true;
    for (std::size_t i = 0; i < direct::bite_count; ++i) {
        if ((report.requested & 1U << i) == 0) continue;
        is_bitten &= report.bites[i] > 0;
        faults.push_back(
            {{"fault", direct::name_of(static_cast<direct::Bite>(i))}, {"bites", report.bites[i]}});
    }
    const int code = report.finding ? 1 : is_bitten ? 0 : 4;
    return {{"seed", report.seed},
            {"strategy", direct::name_of(report.strategy)},
            {"code", code},
            {"verdict", verdict(report.finding)},
            {"events", report.steps},
            {"hash", fmt::format("{:016x}", report.digest)},
            {"faults", faults}};
}

// What each node is after a command.
void print_nodes(const direct::World& world) {
    for (const direct::Node& node : world.nodes()) {
        if (!node.is_up()) {
            fmt::print("    {}: down, log end {}\n", node.id, node.disk.log_end());
            continue;
        }
        const raft::State& state = node.state();
        fmt::print("    {}: {} of epoch {}, leader {}, log {}..{}, synced {}, committed {}\n",
                   node.id,
                   raft::role_name(state),
                   state.epoch,
                   state.leader,
                   state.log_start,
                   state.log_end,
                   state.synced_end,
                   state.high_watermark);
    }
}

void print_trace(const direct::Script& script) {
    direct::World world(script.world);
    direct::Pacer pacer(world, script.pace);
    for (const direct::Command& command : script.commands) {
        if (world.finding()) break;
        const bool has_applied = pacer.apply(command);
        fmt::print("{}{}\n", direct::text(command), has_applied ? "" : "  (does not apply)");
        if (has_applied) print_nodes(world);
    }
}

// 0: as expected, or holds where nothing was.
ExitCode judge(const direct::Script& script, const std::optional<direct::Finding>& finding) {
    if (!script.is_expected || !script.expected) return finding ? ExitCode::failed : ExitCode::done;
    const bool is_it = finding && finding->theorem == *script.expected;
    return is_it ? ExitCode::done : ExitCode::failed;
}

void print_shrunk(const direct::Script& script) {
    const direct::Shrunk shrunk = direct::shrink(script, replays_max);
    fmt::print("{}", direct::text(shrunk.script));
    fmt::print(stderr,
               "{} commands of {}, {} replays, {}\n",
               shrunk.script.commands.size(),
               script.commands.size(),
               shrunk.replays,
               shrunk.is_minimal ? "one-minimal" : "not yet minimal");
}

// Standard output is for a script, and there is none.
ExitCode nothing_to_shrink(const std::string& run) {
    fmt::print(stderr, "glasslog sim direct: {} holds: there is nothing to shrink\n", run);
    return ExitCode::failed;
}

ExitCode run_replay(const DirectFlags& flags) {
    auto bytes = os::read_file(flags.file, script_bytes_max);
    if (!bytes) return complain(fmt::format("--replay: {}", bytes.error().text()));
    auto script = direct::parse_script(as_text(bytes->view()), flags.file);
    if (!script) return complain(script.error().text());
    if (flags.is_traced) print_trace(*script);
    const direct::Replay result = direct::replay(script->world, script->pace, script->commands);
    if (flags.is_shrunk && result.finding) {
        script->is_expected = true;
        script->expected = result.finding->theorem;
        print_shrunk(*script);
        return ExitCode::failed;
    }
    if (flags.is_shrunk) return nothing_to_shrink("this run");
    const ExitCode code = judge(*script, result.finding);
    const bool is_expected = result.finding && code == ExitCode::done;
    fmt::print("{}{}\n", is_expected ? "as expected: " : "", verdict(result.finding));
    return code;
}

ExitCode run_seed(const Request& request, const DirectFlags& flags) {
    const direct::RunReport report = direct::explore(request.options, *flags.seed);
    const direct::Script script = direct::script_of(report, request.planted);
    if (flags.is_traced) print_trace(script);
    if (flags.is_shrunk && !report.finding)
        return nothing_to_shrink(fmt::format("seed {}", *flags.seed));
    if (flags.is_json) {
        fmt::print("{}\n", json_of(report).dump());
    } else if (!report.finding) {
        fmt::print("seed {}: holds, {} events, hash {:016x}\n",
                   report.seed,
                   report.steps,
                   report.digest);
    } else {
        fmt::print(stderr, "seed {}: {}\n", report.seed, verdict(report.finding));
        if (flags.is_shrunk) {
            print_shrunk(script);
        } else {
            fmt::print("{}", direct::text(script));
        }
    }
    return report.finding ? ExitCode::failed : ExitCode::done;
}

// Why not every run of this depth was looked at.
const char* limit_of(const direct::ExhaustiveReport& report) {
    if (report.finding) return " (stopped at a finding)";
    return report.is_complete ? "" : " (the limit of states was reached)";
}

ExitCode run_exhaustive(const Request& request, const DirectFlags& flags) {
    direct::ExhaustiveOptions options;
    options.rules = request.options.rules;
    options.watched = request.options.watched;
    options.voters = flags.voters.value_or(3);
    options.depth = flags.depth;
    options.begins_led = flags.begins_led;
    options.states_max = flags.states_max;
    const os::OsClock clock;
    const Instant begin = clock.now();
    const direct::ExhaustiveReport report = direct::explore_all(options);
    const Duration spent = clock.now() - begin;
    Json row{{"depth", report.depth},
             {"states", report.states},
             {"steps", report.steps},
             {"complete", report.is_complete},
             {"milliseconds", spent.milliseconds()},
             {"verdict", verdict(report.finding)}};
    if (flags.is_json) {
        fmt::print("{}\n", row.dump());
    } else {
        fmt::print("depth {}{}, {} states, {} steps, {}: {}\n",
                   report.depth,
                   limit_of(report),
                   report.states,
                   report.steps,
                   spent,
                   verdict(report.finding));
        for (const direct::Command& command : report.path)
            fmt::print("{}\n", direct::text(command));
    }
    return report.finding ? ExitCode::failed : ExitCode::done;
}

ExitCode run_direct(const DirectFlags& flags) {
    if (!flags.file.empty()) return run_replay(flags);
    const auto request = request_of(flags);
    if (!request) return complain(request.error().text());
    if (flags.is_exhaustive) return run_exhaustive(*request, flags);
    if (flags.seed) return run_seed(*request, flags);
    const auto seeds = parse_seeds(flags.seeds.empty() ? "1..1000" : flags.seeds);
    if (!seeds)
        return complain(fmt::format("--seeds: '{}' is no range; expected A..B", flags.seeds));
    const RunSeed run = [&](std::uint64_t seed) {
        return json_of(direct::explore(request->options, seed)).dump();
    };
    return run_campaign(run, *seeds, flags.jobs, flags.is_json ? Output::json : Output::text);
}

}  // namespace

void add_direct_verb(CLI::App& sim, Action& action) {
    CLI::App* verb =
        sim.add_subcommand("direct",
                           "Raft machines alone: random runs, replays, every run of a small world");
    auto flags = std::make_shared<DirectFlags>();
    auto* seed = verb->add_option("--seed", flags->seed, "One run, with its commands");
    verb->add_option("--seeds", flags->seeds, "A..B, both inclusive (default 1..1000)")
        ->excludes(seed);
    verb->add_option("--jobs", flags->jobs, "Workers for --seeds (default 2)")
        ->check(CLI::Range(1, 256));
    verb->add_option("--rule", flags->rules, "Plant a mistake: NAME=VALUE, or an exhibit's name");
    verb->add_option("--watch", flags->watched, "Only these theorems, for example R4");
    verb->add_option("--voters", flags->voters, "How many (default: drawn; 3 for --exhaustive)")
        ->check(CLI::Range(1, 9));
    verb->add_option("--strategy", flags->strategy, "One of the portfolio instead of all");
    verb->add_option("--replay", flags->file, "Run the commands of FILE")->excludes(seed);
    verb->add_flag("--shrink", flags->is_shrunk, "Print a one-minimal list of commands");
    verb->add_flag("--trace", flags->is_traced, "Print each command and the nodes after it");
    verb->add_flag("--json", flags->is_json, "One JSON object a run");
    verb->add_flag("--exhaustive", flags->is_exhaustive, "Every run of a small world");
    verb->add_flag("--led", flags->begins_led, "--exhaustive begins with a leader");
    verb->add_option("--depth", flags->depth, "Commands of --exhaustive (default 12)")
        ->check(CLI::Range(1, 1'000));
    verb->add_option("--states", flags->states_max, "Limit of --exhaustive (default 2000000)");
    verb->footer(examples);
    verb->callback([flags, &action] { action = [flags] { return run_direct(*flags); }; });
}

}  // namespace glasslog::cli
