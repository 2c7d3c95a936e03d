#include "core/cli/campaign.hpp"

#include "core/os/process.hpp"
#include "sim/run.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unistd.h>
#include <vector>

namespace glasslog::cli {
namespace {

using Json = nlohmann::json;

constexpr std::size_t read_bytes_max = 64 * 1024;
constexpr std::size_t shown_findings_max = 10;

// Every jobs-th seed: "begin SEED", then the report, one line each, so that an abort names its
// seed.
int work(const RunSeed& run, SeedRange seeds, std::uint64_t step, int output) {
    for (std::uint64_t seed = seeds.first;; seed += step) {
        const std::string begin = fmt::format("begin {}\n", seed);
        if (!os::write_all(output, as_bytes(begin))) return 1;
        if (!os::write_all(output, as_bytes(run(seed) + "\n"))) return 1;
        if (seeds.last - seed < step) return 0;
    }
}

// By its seed; the ones that are of no seed come last.
struct Finding {
    std::uint64_t seed = 0;
    std::string text;
};

constexpr std::uint64_t no_seed = UINT64_MAX;

class Campaign {
public:
    Campaign(const RunSeed& run, SeedRange seeds, std::uint64_t step, Output output)
        : run_(run), seeds_(seeds), step_(step), output_(output), next_(seeds.first) {}

    struct Worker {
        os::Forked process;
        std::string partial;                // of a line
        std::optional<std::uint64_t> seed;  // the one that it is at
        bool is_open = true;
    };

    Expected<Worker, IoError> begin(std::uint64_t first) const {
        const SeedRange rest{first, seeds_.last};
        auto process = TRY(os::fork_worker(
            [run = &run_, rest, step = step_](int pipe) { return work(*run, rest, step, pipe); }));
        return Worker{.process = std::move(process), .partial = {}, .seed = std::nullopt};
    }

    void take_bytes(Worker& worker, std::string_view bytes) {
        worker.partial += bytes;
        for (std::size_t end = 0; (end = worker.partial.find('\n')) != std::string::npos;) {
            take_line(worker, worker.partial.substr(0, end));
            worker.partial.erase(0, end + 1);
        }
    }

    // A worker that died at a seed is followed by another, which begins after that seed.
    Expected<void, IoError> take_end(Worker& worker) {
        worker.is_open = false;
        const auto status = worker.process.child.wait();
        if (status && status->is_success()) return {};
        const std::string how = status ? status->text() : status.error().text();
        worst_ = std::max(worst_, 1);
        if (!worker.seed) {
            findings_.push_back({no_seed, fmt::format("the simulator's process {}", how)});
            return {};
        }
        const std::uint64_t seed = *worker.seed;
        findings_.push_back({seed, fmt::format("the simulator's process {}", how)});
        ++aborted_;
        tell_json(seed, {});
        if (seeds_.last - seed >= step_) worker = TRY(begin(seed + step_));
        return {};
    }

    ExitCode finish() {
        const std::uint64_t all = seeds_.last - seeds_.first + 1;
        if (done_ + aborted_ < all) {
            worst_ = std::max(worst_, 1);
            findings_.push_back(
                {no_seed,
                 fmt::format("{} of {} seeds gave no report", all - done_ - aborted_, all)});
        }
        for (const auto& [seed, line] : waiting_)
            print_json(line);
        std::ranges::stable_sort(findings_, {}, &Finding::seed);
        if (worst_ == 0 && !unbitten().empty()) worst_ = 4;
        if (output_ == Output::text) print_summary();
        return static_cast<ExitCode>(worst_);
    }

private:
    void take_line(Worker& worker, const std::string& line) {
        if (line.starts_with("begin ")) {
            worker.seed = std::stoull(line.substr(6));
            return;
        }
        if (worker.seed) tell_json(*worker.seed, line);
        const Json report = Json::parse(line, nullptr, false);
        if (report.is_discarded() || !worker.seed) return;
        ++done_;
        hashes_.insert(report["hash"].get<std::string>());
        events_ += report["events"].get<std::uint64_t>();
        for (const Json& fault : report["faults"]) {
            bites_[fault["fault"].get<std::string>()] += fault["bites"].get<std::uint64_t>();
        }
        // A fault that did not bit in one seed may in another: judged over all of them.
        const int code = report["code"].get<int>();
        if (code != 0 && code != 4) {
            worst_ = std::max(worst_, code);
            findings_.push_back({*worker.seed, report["verdict"].get<std::string>()});
        }
        tell_progress();
    }

    // In the order of the seeds: what comes too early waits. Empty for a seed without a report.
    void tell_json(std::uint64_t seed, const std::string& line) {
        if (output_ != Output::json) return;
        waiting_[seed] = line;
        while (!waiting_.empty() && waiting_.begin()->first == next_) {
            print_json(waiting_.extract(waiting_.begin()).mapped());
            ++next_;
        }
    }

    static void print_json(const std::string& line) {
        if (!line.empty()) fmt::print("{}\n", line);
    }

    void tell_progress() const {
        if (isatty(STDERR_FILENO) == 0) return;
        const std::uint64_t all = seeds_.last - seeds_.first + 1;
        fmt::print(stderr, "\r{} of {} seeds, {} findings", done_, all, findings_.size());
        if (done_ == all) fmt::print(stderr, "\n");
    }

    std::vector<std::string> unbitten() const {
        std::vector<std::string> names;
        for (const auto& [name, count] : bites_) {
            if (count == 0) names.push_back(name);
        }
        return names;
    }

    void print_summary() const {
        fmt::print("{} seeds, {} different hashes, {} events, {} findings\n",
                   done_,
                   hashes_.size(),
                   events_,
                   findings_.size());
        for (const auto& [name, count] : bites_)
            fmt::print("  {}: bit {} times\n", name, count);
        for (std::size_t i = 0; i < std::min(findings_.size(), shown_findings_max); ++i) {
            const auto& [seed, text] = findings_[i];
            if (seed == no_seed) {
                fmt::print("  {}\n", text);
            } else {
                fmt::print("  seed {}: {}\n", seed, text);
            }
        }
        if (findings_.size() > shown_findings_max)
            fmt::print("  … and {} more\n", findings_.size() - shown_findings_max);
        for (const std::string& name : unbitten()) {
            fmt::print("  false green: '{}' never bit; what it was to test was not tested\n", name);
        }
    }

    const RunSeed& run_;
    SeedRange seeds_;
    std::uint64_t step_;
    Output output_;
    std::uint64_t next_;                            // of the line that is printed next
    std::map<std::uint64_t, std::string> waiting_;  // lines behind it, by seed
    std::uint64_t done_ = 0;
    std::uint64_t aborted_ = 0;
    std::uint64_t events_ = 0;
    int worst_ = 0;
    std::set<std::string> hashes_;
    std::map<std::string, std::uint64_t> bites_;  // by the fault's text
    std::vector<Finding> findings_;
};

ExitCode complain(const IoError& error) {
    fmt::print(stderr, "glasslog sim run: {}\n", error.text());
    return ExitCode::internal;
}

Expected<void, IoError> collect(Campaign& campaign, std::vector<Campaign::Worker>& workers) {
    for (;;) {
        std::vector<int> open;
        std::vector<std::size_t> indexes;
        for (std::size_t i = 0; i < workers.size(); ++i) {
            if (!workers[i].is_open) continue;
            open.push_back(workers[i].process.output.get());
            indexes.push_back(i);
        }
        if (open.empty()) return {};
        const auto ready = os::wait_readable(open, Duration::seconds(3600));
        if (!ready)
            return Unexpected{
                IoError{.code = IoCode::timed_out, .subject = "the simulator's workers"}};
        Campaign::Worker& worker = workers[indexes[*ready]];
        const Bytes bytes = TRY(os::read_some(worker.process.output.get(), read_bytes_max));
        if (bytes.empty()) {
            TRY(campaign.take_end(worker));
        } else {
            campaign.take_bytes(worker, as_text(bytes.view()));
        }
    }
}

}  // namespace

std::optional<SeedRange> parse_seeds(std::string_view text) {
    const std::size_t dots = text.find("..");
    if (dots == std::string_view::npos) return std::nullopt;
    SeedRange range;
    const auto read = [](std::string_view part, std::uint64_t& out) {
        const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), out);
        return error == std::errc() && end == part.data() + part.size() && !part.empty();
    };
    const bool is_range =
        read(text.substr(0, dots), range.first) && read(text.substr(dots + 2), range.last);
    if (!is_range || range.first > range.last) return std::nullopt;
    return range;
}

ExitCode run_campaign(const sim::Scenario& scenario, SeedRange seeds, int jobs, Output output) {
    const RunSeed run = [&](std::uint64_t seed) {
        return sim::report_json(sim::run_scenario(scenario, seed));
    };
    return run_campaign(run, seeds, jobs, output);
}

ExitCode run_campaign(const RunSeed& run, SeedRange seeds, int jobs, Output output) {
    const auto step = static_cast<std::uint64_t>(jobs);
    Campaign campaign(run, seeds, step, output);
    std::vector<Campaign::Worker> workers;
    for (std::uint64_t i = 0; i < step && i <= seeds.last - seeds.first; ++i) {
        auto worker = campaign.begin(seeds.first + i);
        if (!worker) return complain(worker.error());
        workers.push_back(std::move(*worker));
    }
    if (const auto collected = collect(campaign, workers); !collected)
        return complain(collected.error());
    return campaign.finish();
}

}  // namespace glasslog::cli
