#pragma once

// A run of a scenario: run_scenario() from the beginning to the verdict, or a Run that is driven
// step by step (serve.hpp).

#include "core/trace/sink.hpp"
#include "sim/scenario.hpp"
#include "sim/world.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace glasslog::sim {

// How a run ended; the numbers are the exit codes of `glasslog sim run`.
enum class RunCode : std::uint8_t {
    holds = 0,
    violated = 1,
    diverged = 3,     // the same seed gave another run
    false_green = 4,  // it holds, but a fault that was asked for never bit
};

// A promise that was seen broken.
struct Violation {
    std::string promise;
    std::string text;
    Instant at;
    bool is_expected = false;
};

// All that a run tells of itself.
struct RunReport {
    std::string title;
    std::uint64_t seed = 0;
    RunCode code = RunCode::holds;
    std::string verdict;                // one sentence
    std::vector<std::string> problems;  // why it is not `holds`
    std::vector<Violation> violations;  // expected ones too
    std::vector<FaultReport> faults;
    std::vector<std::string> fault_texts;  // of `faults`, in the words of the language
    std::uint64_t hash = 0;
    std::uint64_t event_count = 0;
    Duration simulated;
    std::int64_t produced = 0;
    std::int64_t acked = 0;
    std::int64_t consumed = 0;
    std::int64_t topics_acked = 0;
    std::vector<std::string> unread_trace;  // why the trace could not be written
};

struct RunOptions {
    // Takes the trace as it grows; none: hashed only.
    trace::Sink* sink = nullptr;

    // Called with each narration and verdict, as it happens.
    UniqueFunction<void(Instant at, const std::string& en, const std::string& pt)> say;

    // Called with each event; for comparing two runs.
    Observer observe;
};

class Run {
public:
    Run(const Scenario& scenario, std::uint64_t seed, RunOptions options);
    ~Run();
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

    // Up to `when`, at most to the scenario's end.
    void run_until(Instant when);

    // Plans commands, at `when` or at once when that has passed. One that has no sense then (an
    // unknown label, the crash of a dead process) is told in a log line, and the run goes on.
    void plan(std::optional<Instant> when, std::vector<Step> steps);

    // Why a command has no sense now, if it has none.
    std::optional<std::string> refusal_of(const Step& step);

    // To the end; heals, starts what is down, reads the log, and judges. Once.
    RunReport finish();

    // Makes the trace complete up to now, for who reads it while it grows.
    void flush();

    World& world();

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

RunReport run_scenario(const Scenario& scenario, std::uint64_t seed, RunOptions options = {});

// Runs the seed twice and compares every event: RunCode::diverged, with the first event that
// differs as the problem, when they are not the same.
RunReport check_determinism(const Scenario& scenario, std::uint64_t seed);

// For people: title, verdict, problems, faults with their bites, numbers.
std::string report_text(const RunReport& report);

// One JSON object, one line.
std::string report_json(const RunReport& report);

}  // namespace glasslog::sim
