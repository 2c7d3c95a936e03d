#include "sim/run.hpp"

#include "core/base/check.hpp"
#include "core/trace/diff.hpp"
#include "core/trace/log.hpp"
#include "core/trace/writer.hpp"
#include "sim/facts.hpp"
#include "sim/judge.hpp"
#include "sim/quorum_watch.hpp"
#include "sim/story.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace glasslog::sim {

struct Run::Parts {
    Parts(const Scenario& given, std::uint64_t seed_given, RunOptions options_given)
        : scenario(given),
          seed(seed_given),
          options(std::move(options_given)),
          facts(history),
          stage(scenario, seed, history),
          judge(scenario, history),
          story(scenario, stage, facts, judge) {
        if (scenario.controllers.empty()) return;
        watch.emplace(stage, history, [this](const std::string& promise, const std::string& text) {
            judge.see_broken(promise, text);
        });
    }

    // Before the world: callbacks of the dead refer to them.
    Scenario scenario;
    std::uint64_t seed;
    RunOptions options;
    History history;
    Facts facts;
    std::optional<trace::TraceWriter> writer;
    Stage stage;
    Judge judge;
    Story story;
    std::optional<QuorumWatch> watch;  // of a cluster with controllers

    void see(const trace::Event& event) {
        if (writer) writer->add(event);
        if (options.observe) options.observe(event);
        const trace::AnyKind kind = decode_if_told(event);
        if (std::holds_alternative<std::monostate>(kind)) return;
        judge.see(event.node, kind);
        if (watch) watch->see(event.node, kind);
        if (facts.see(event.node, kind)) story.poke();
    }

    void command(const Step& step);
    void end_of_run(RunReport& report);
    void wait_for_quiet();
    std::optional<std::string> audit();
};

namespace {

// Patience of the epilogue, in virtual time.
constexpr Duration ready_limit = Duration::seconds(60);
constexpr Duration idle_limit = Duration::seconds(180);
constexpr Duration quiet_limit = Duration::seconds(60);
constexpr Duration catch_up_limit = Duration::seconds(30);
constexpr Duration audit_limit = Duration::seconds(30);

}  // namespace

Run::Run(const Scenario& scenario, std::uint64_t seed, RunOptions options)
    : parts_(std::make_unique<Parts>(scenario, seed, std::move(options))) {
    Parts& parts = *parts_;
    if (parts.options.sink != nullptr) {
        trace::TraceHeader header;
        header.seed = seed;
        header.build = "glasslog sim";
        header.configuration = print(scenario);
        parts.writer.emplace(*parts.options.sink, header);
    }
    for (const LoadSpec& load : scenario.loads) {
        if (!std::holds_alternative<ConsumeLoad>(load.work)) continue;
        const auto topic = std::ranges::find(scenario.topics, load.topic, &TopicSpec::name);
        for (std::int32_t i = 0; i < topic->partitions; ++i)
            parts.facts.reads(load.client, {load.topic, PartitionIndex(i)});
    }
    parts.stage.world().observe([&parts](const trace::Event& event) { parts.see(event); });
    parts.history.on_change([&parts] {
        parts.judge.see_consumers();
        parts.story.poke();
    });
    parts.judge.on_violation([&parts](const Violation& violation) {
        World& world = parts.stage.world();
        const trace::kinds::InvariantViolated event{violation.promise, violation.text};
        world.at(world.now(), [&world, event] { world.emit(no_node, event); });
    });
    parts.judge.on_now([&parts] { return parts.stage.world().now(); });
    parts.story.on_say([&parts](const std::string& en, const std::string& pt) {
        if (parts.options.say) parts.options.say(parts.stage.world().now(), en, pt);
    });
    parts.stage.begin();
    parts.story.begin();
}

Run::~Run() = default;

World& Run::world() {
    return parts_->stage.world();
}

void Run::run_until(Instant when) {
    const Instant end = Instant() + parts_->scenario.end;
    if (std::min(when, end) > world().now()) world().run_until(std::min(when, end));
}

void Run::plan(std::optional<Instant> when, std::vector<Step> steps) {
    World& target = world();
    target.at(std::max(when.value_or(target.now()), target.now()),
              [this, steps = std::move(steps)] {
                  for (const Step& step : steps)
                      parts_->command(step);
              });
}

std::optional<std::string> Run::refusal_of(const Step& step) {
    return parts_->story.refusal_of(step);
}

void Run::Parts::command(const Step& step) {
    const auto refusal = story.refusal_of(step);
    if (!refusal) return story.perform(step);
    stage.world().emit(no_node,
                       trace::kinds::LogLine{static_cast<std::int8_t>(trace::LogLevel::warning),
                                             "serve",
                                             fmt::format("{}: {}", print(step), *refusal)});
}

void Run::flush() {
    if (parts_->writer) parts_->writer->flush();
}

// Healed, started and left alone, everything comes to rest.
void Run::Parts::wait_for_quiet() {
    World& world = stage.world();
    for (const FaultReport& fault : world.faults())
        world.heal(fault.id);
    stage.start_brokers();
    stage.finish_loads();
    world.run_until([this] { return stage.are_brokers_ready(); }, ready_limit);
    if (!world.run_until([this] { return stage.are_loads_idle(); }, idle_limit)) {
        judge.problem(fmt::format("producers still wait for answers {} after the end", idle_limit));
    }
    if (!world.run_until([this] { return stage.is_metadata_quiet(); }, quiet_limit)) {
        judge.problem(
            fmt::format("the controllers and brokers did not agree {} after the end", quiet_limit));
    }
    world.run_until(
        [this] {
            return std::ranges::all_of(scenario.loads, [this](const LoadSpec& load) {
                return facts.behind(load.client) == 0;
            });
        },
        catch_up_limit);
}

std::optional<std::string> Run::Parts::audit() {
    World& world = stage.world();
    bool is_done = false;
    std::optional<std::string> problem;
    stage.audit([&](std::optional<std::string> found) {
        is_done = true;
        problem = std::move(found);
    });
    if (!world.run_until([&] { return is_done; }, audit_limit)) {
        const std::string progress = stage.audit_progress();
        world.crash(*world.find_node("auditor"));  // its callback refers to this call
        return fmt::format("the log could not be read within {}: {}", audit_limit, progress);
    }
    return problem;
}

RunReport Run::finish() {
    Parts& parts = *parts_;
    World& world = parts.stage.world();
    run_until(Instant() + parts.scenario.end);
    parts.story.end();
    RunReport report;
    report.simulated = world.now() - Instant();
    parts.wait_for_quiet();
    const std::optional<std::string> unread = parts.audit();
    if (parts.watch) parts.watch->conclude();
    for (const std::string& problem : parts.stage.problems())
        parts.judge.problem(problem);
    parts.judge.conclude(unread, parts.story.bound(), parts.facts);
    world.run_for(Duration());  // violations are told before the verdict
    parts.end_of_run(report);
    return report;
}

void Run::Parts::end_of_run(RunReport& report) {
    World& world = stage.world();
    report.title = scenario.title;
    report.seed = seed;
    for (const Judge::Looked& looked : judge.looked())
        world.emit(no_node, trace::kinds::Expectation{looked.text, looked.is_met});
    report.problems = judge.problems();
    report.violations = judge.violations();
    report.faults = world.faults();
    std::vector<std::string> names;
    for (std::int32_t i = 1; i <= world.node_count(); ++i)
        names.push_back(world.name_of(NodeId(i)));
    for (const FaultReport& fault : report.faults) {
        report.fault_texts.push_back(text(fault.fault, names));
        const bool is_asked_for = !story.is_by_chance(fault.id);
        if (fault.bites > 0 || !is_asked_for || !report.problems.empty()) continue;
        report.code = RunCode::false_green;
        report.verdict = "false green: " + report.fault_texts.back() + " never bit";
    }
    if (!report.problems.empty()) {
        report.code = RunCode::violated;
        report.verdict = report.problems.front();
    } else if (report.code == RunCode::holds) {
        report.verdict = judge.praise();
    }
    world.emit(no_node, trace::kinds::Verdict{report.code == RunCode::holds, report.verdict});
    report.hash = world.hash();
    report.event_count = world.event_count();
    for (const auto& [name, producer] : history.producers()) {
        report.produced += std::ssize(producer.records);
        report.acked += producer.acked;
    }
    for (const auto& [name, creator] : history.creators())
        report.topics_acked += creator.acked;
    for (const auto& [name, consumer] : history.consumers())
        report.consumed += consumer.consumed;
    if (!writer) return;
    writer->finish();
    if (writer->error()) report.unread_trace.push_back(writer->error()->text());
}

RunReport run_scenario(const Scenario& scenario, std::uint64_t seed, RunOptions options) {
    return Run(scenario, seed, std::move(options)).finish();
}

RunReport check_determinism(const Scenario& scenario, std::uint64_t seed) {
    std::vector<trace::Event> first;
    std::vector<trace::Event> second;
    RunReport report;
    for (std::vector<trace::Event>* events : {&first, &second}) {
        RunOptions options;
        options.observe = [events](const trace::Event& event) { events->push_back(event); };
        report = run_scenario(scenario, seed, std::move(options));
    }
    if (!trace::first_divergence(first, second)) return report;
    report.code = RunCode::diverged;
    report.verdict = "the same seed gave two different runs";
    report.problems = {trace::diff_text(first, second)};
    return report;
}

}  // namespace glasslog::sim
