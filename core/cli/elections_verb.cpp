// glasslog sim elections: how long elections take and how many epochs they need, as a plot.

#include "core/cli/verbs.hpp"
#include "sim/direct/bench.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

namespace glasslog::cli {
namespace {

using Json = nlohmann::ordered_json;
using sim::direct::Election;
using sim::direct::ElectionOptions;
using sim::direct::LeaderEnd;
using sim::direct::LossyElections;

struct ElectionFlags {
    int count = 10'000;
    std::uint64_t seed = 1;
    int voters = 5;
    int loss_percent = 30;
    bool is_crash = false;
    bool is_json = false;
};

constexpr std::uint64_t elections_of_one_world = 100;  // so that its log stays small
constexpr std::size_t bar_width = 50;

// Upper ends of the plot's rows, milliseconds.
constexpr std::array<std::int64_t, 13> edges{10,
                                             50,
                                             200,
                                             500,
                                             1'000,
                                             1'500,
                                             2'000,
                                             2'500,
                                             3'000,
                                             4'000,
                                             5'000,
                                             10'000,
                                             20'000};
constexpr std::int32_t epochs_max = 8;  // and more

std::vector<Election> hold(const ElectionFlags& flags) {
    std::vector<Election> elections;
    const auto wanted = static_cast<std::size_t>(flags.count);
    for (std::uint64_t seed = flags.seed; elections.size() < wanted; ++seed) {
        ElectionOptions options;
        options.seed = seed;
        options.voters = flags.voters;
        options.loss = {static_cast<std::uint32_t>(flags.loss_percent), 100};
        options.end = flags.is_crash ? LeaderEnd::crashes : LeaderEnd::resigns;
        LossyElections world(options);
        world.next();  // the first one begins with the cluster
        for (std::uint64_t i = 0; i < elections_of_one_world && elections.size() < wanted; ++i) {
            const auto election = world.next();
            if (!election) return elections;
            elections.push_back(*election);
        }
    }
    return elections;
}

std::int64_t percentile(std::vector<std::int64_t>& sorted, std::size_t part) {
    return sorted.empty() ? 0 : sorted[std::min(sorted.size() - 1, sorted.size() * part / 100)];
}

void print_row(const std::string& label, std::size_t count, std::size_t all) {
    const std::size_t width = all == 0 ? 0 : count * bar_width / all;
    const double percent =
        all == 0 ? 0.0 : 100.0 * static_cast<double>(count) / static_cast<double>(all);
    fmt::print("{:>12} {:>6.1f} % {}\n", label, percent, std::string(width, '#'));
}

std::string label_of(std::size_t row) {
    if (row == edges.size()) return fmt::format(">= {} ms", edges.back());
    return fmt::format("< {} ms", edges[row]);
}

void print_plot(const std::vector<Election>& elections, std::vector<std::int64_t>& times) {
    std::vector<std::size_t> by_time(edges.size() + 1);
    std::vector<std::size_t> by_epochs(epochs_max);
    for (const Election& election : elections) {
        const std::int64_t time = election.time.milliseconds();
        ++by_time[static_cast<std::size_t>(std::ranges::upper_bound(edges, time) - edges.begin())];
        ++by_epochs[static_cast<std::size_t>(std::clamp(election.epochs, 1, epochs_max) - 1)];
    }
    fmt::print("time from one leader to the next: p50 {} ms, p99 {} ms, max {} ms\n",
               percentile(times, 50),
               percentile(times, 99),
               times.empty() ? 0 : times.back());
    for (std::size_t row = 0; row < by_time.size(); ++row)
        print_row(label_of(row), by_time[row], elections.size());
    fmt::print("\nepochs (Raft's terms) it took\n");
    for (std::int32_t epochs = 1; epochs <= epochs_max; ++epochs)
        print_row(fmt::format("{}{}", epochs, epochs == epochs_max ? " or more" : ""),
                  by_epochs[static_cast<std::size_t>(epochs - 1)],
                  elections.size());
}

ExitCode run_elections(const ElectionFlags& flags) {
    const std::vector<Election> elections = hold(flags);
    if (flags.is_json) {
        for (const Election& election : elections)
            fmt::print("{}\n",
                       Json{{"time_ns", election.time.nanoseconds()}, {"epochs", election.epochs}}
                           .dump());
        return ExitCode::done;
    }
    std::vector<std::int64_t> times;
    for (const Election& election : elections)
        times.push_back(election.time.milliseconds());
    std::ranges::sort(times);
    fmt::print("{} elections of {} voters, {} % of the messages lost, each leader {} at its first "
               "commit\n",
               elections.size(),
               flags.voters,
               flags.loss_percent,
               flags.is_crash ? "crashes" : "resigns");
    print_plot(elections, times);
    return ExitCode::done;
}

}  // namespace

void add_elections_verb(CLI::App& sim, Action& action) {
    CLI::App* verb =
        sim.add_subcommand("elections", "How long elections take, and how many epochs: a plot");
    auto flags = std::make_shared<ElectionFlags>();
    verb->add_option("--count", flags->count, "Elections (default 10000)")
        ->check(CLI::Range(1, 1'000'000));
    verb->add_option("--voters", flags->voters, "Default 5")->check(CLI::Range(1, 9));
    verb->add_option("--loss", flags->loss_percent, "Percent of the messages lost (default 30)")
        ->check(CLI::Range(0, 80));
    verb->add_option("--seed", flags->seed, "Of the first world (default 1)");
    verb->add_flag("--crash", flags->is_crash, "Each leader crashes instead of resigning");
    verb->add_flag("--json", flags->is_json, "One JSON object an election");
    verb->footer(
        "Examples:\n"
        "  glasslog sim elections\n"
        "  glasslog sim elections --crash --voters 3 --loss 0\n"
        "  glasslog sim elections --json --count 100000 > elections.jsonl");
    verb->callback([flags, &action] { action = [flags] { return run_elections(*flags); }; });
}

}  // namespace glasslog::cli
