#include "sim/story.hpp"

#include "core/base/overloaded.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace glasslog::sim {

namespace {

constexpr std::int64_t chaos_slow_factor = 20;
constexpr Duration bounce_time = Duration::milliseconds(50);  // unless `for` says another
constexpr Duration look_again = Duration::milliseconds(5);    // at a node that ends in order

// The one end of a fault's time that is not healing.
bool ends_by_restart(const std::string& verb) {
    return verb == "crash" || verb == "power-loss" || verb == "bounce" || verb == "stop";
}

}  // namespace

Story::Story(const Scenario& scenario, Stage& stage, Facts& facts, Judge& judge)
    : scenario_(scenario),
      stage_(stage),
      facts_(facts),
      judge_(judge),
      chaos_(stage.world(), [this](const ChaosPlay::Happening& what) { happen(what); }) {}

void Story::begin() {
    arm(0);
    std::size_t number = 0;
    for (const Chaos& chaos : scenario_.chaos) {
        const bool is_all = chaos.targets == "servers";
        const bool is_brokers = chaos.targets == "brokers";
        chaos_.begin(chaos,
                     ++number,
                     is_all       ? server_names(scenario_)
                     : is_brokers ? scenario_.brokers
                                  : scenario_.controllers);
    }
}

// --- blocks -------------------------------------------------------------------------------------

void Story::arm(std::size_t block) {
    next_ = block;
    is_waiting_ = false;
    if (block == scenario_.blocks.size()) return;
    World& world = stage_.world();
    const auto& trigger = scenario_.blocks[block].trigger;
    if (const auto* at = std::get_if<At>(&trigger)) {
        world.at(std::max(Instant() + at->time, world.now()), [this, block] { fire(block); });
    } else if (const auto* after = std::get_if<After>(&trigger)) {
        world.at(world.now() + after->time, [this, block] { fire(block); });
    } else {
        is_waiting_ = true;
        world.at(world.now() + std::get<When>(trigger).within, [this, block] { give_up(block); });
        poke();
    }
}

void Story::fire(std::size_t block) {
    for (const Step& step : scenario_.blocks[block].steps)
        perform(step);
    arm(block + 1);
}

void Story::poke() {
    if (!is_waiting_ || std::exchange(is_poke_planned_, true)) return;
    World& world = stage_.world();
    world.at(world.now(), [this] { evaluate(); });
}

void Story::evaluate() {
    is_poke_planned_ = false;
    if (!is_waiting_) return;
    const When& when = std::get<When>(scenario_.blocks[next_].trigger);
    if (!facts_.holds(when.condition, bound())) return;
    is_waiting_ = false;
    fire(next_);
}

void Story::give_up(std::size_t block) {
    if (!is_waiting_ || next_ != block) return;
    const When& when = std::get<When>(scenario_.blocks[block].trigger);
    is_waiting_ = false;
    const std::string why = facts_.why_not(when.condition, bound());
    judge_.problem(fmt::format("line {}: not within {}: {}{}",
                               scenario_.blocks[block].place.line,
                               when.within,
                               why,
                               when.fail.empty() ? "" : " (" + when.fail + ")"));
    next_ = scenario_.blocks.size();  // what stands below it has no meaning any more
}

void Story::end() {
    if (next_ < scenario_.blocks.size()) {
        judge_.problem(fmt::format("line {}: the scenario ended before this",
                                   scenario_.blocks[next_].place.line));
    }
    is_waiting_ = false;
    next_ = scenario_.blocks.size();
}

const std::map<std::string, std::int64_t>& Story::bound() {
    World& world = stage_.world();
    for (const std::string& name : stage_.names()) {
        const NodeId node = *world.find_node(name);
        bound_[name] = node.value();
        bound_["running " + name] = world.is_running(node) ? 1 : 0;
    }
    for (const std::string role : {"controller", "follower"}) {
        bound_.erase(role);
        const auto node = node_of(role);
        bound_["running " + role] = node ? 1 : 0;
        if (node) bound_[role] = node->value();
    }
    for (const auto& [name, value] : std::map(bound_)) {
        if (!name.starts_with("{")) continue;
        const auto node = node_of(name);
        bound_["running " + name] = node && *node != no_node && world.is_running(*node) ? 1 : 0;
    }
    return bound_;
}

// --- steps --------------------------------------------------------------------------------------

void Story::perform(const Step& step) {
    World& world = stage_.world();
    std::visit(
        overloaded{
            [&](const SayStep& s) {
                world.emit(no_node, trace::kinds::Said{s.en, s.pt});
                if (say_) say_(s.en, s.pt);
            },
            [&](const FaultStep& s) { inject(s); },
            [&](const HealStep& s) {
                const auto found = labels_.find(s.label);
                if (found != labels_.end()) {
                    world.heal(found->second);
                } else {
                    judge_.problem(fmt::format("heal {}: no such fault yet", s.label));
                }
            },
            [&](const LetStep& s) {
                const auto value = facts_.value(s.value, bound());
                if (value) {
                    bound_.emplace(s.name, *value);
                    bound_.emplace("{" + s.name + "}", *value);
                    return;
                }
                judge_.problem(
                    fmt::format("line {}: {}: it has no value now", s.place.line, print(Step(s))));
            },
            [&](const CheckStep& s) {
                if (facts_.holds(s.condition, bound())) return;
                judge_.problem(
                    fmt::format("line {}: {}", s.place.line, facts_.why_not(s.condition, bound())));
            }},
        step);
}

std::optional<std::string> Story::refusal_of(const Step& step) {
    if (const auto* heal = std::get_if<HealStep>(&step)) {
        if (labels_.contains(heal->label)) return std::nullopt;
        return fmt::format("no fault was named '{}'", heal->label);
    }
    const auto* const fault = std::get_if<FaultStep>(&step);
    return fault == nullptr ? std::nullopt : refusal_of(*fault);
}

std::optional<std::string> Story::refusal_of(const FaultStep& step) {
    World& world = stage_.world();
    const auto node = node_of(step.first);
    const auto second = step.verb == "bit-rot" || step.second.empty() ? node : node_of(step.second);
    if (!node || !second) return "it names no node";
    if (*node == no_node) return std::nullopt;
    const bool must_run = step.verb == "crash" || step.verb == "bounce" || step.verb == "stop" ||
                          step.verb == "pause";
    if (must_run && !world.is_running(*node)) return step.first + " does not run";
    if (step.verb == "restart" && world.is_running(*node)) return step.first + " runs already";
    if (step.verb == "pause" && world.is_paused(*node)) return step.first + " is paused already";
    if (step.verb == "resume" && !world.is_paused(*node)) return step.first + " is not paused";
    if (step.verb == "power-loss" && !world.is_running(*node) && !world.disk(*node).has_unsynced())
        return step.first + " has nothing left to lose";
    return std::nullopt;
}

std::optional<NodeId> Story::node_of(const std::string& name) {
    if (name == "others") return no_node;
    if (name == "controller") return stage_.controller();
    if (name == "follower") return stage_.follower();
    if (const auto node = stage_.world().find_node(name)) return node;
    const auto let = bound_.find(name);
    const std::int64_t value = let == bound_.end() ? 0 : let->second;
    if (value < 1 || value > stage_.world().node_count()) return std::nullopt;
    return NodeId(static_cast<std::int32_t>(value));
}

void Story::inject(const FaultStep& step) {
    World& world = stage_.world();
    const auto node = node_of(step.first);
    const auto fault = fault_of(step);
    if (!node || (!fault && step.verb != "stop" && step.verb != "resume")) {
        judge_.problem(
            fmt::format("line {}: {} names no node", step.place.line, print(Step(step))));
        return;
    }
    if (step.verb == "stop") {
        stage_.stop(*node);
        return lasts(FaultId(0), step, *node);
    }
    if (step.verb == "resume") {
        resume(*node);
        return;
    }
    const FaultId id = world.inject(*fault);
    if (!step.label.empty()) labels_[step.label] = id;
    lasts(id, step, *node);
}

// Plans the end of what was begun.
void Story::lasts(FaultId id, const FaultStep& step, NodeId node) {
    World& world = stage_.world();
    std::optional<Duration> lasting = step.lasting;
    if (step.verb == "bounce" && !lasting) lasting = bounce_time;
    if (!lasting) return;
    world.at(world.now() + *lasting, [this, &world, id, node, verb = step.verb] {
        if (ends_by_restart(verb)) {
            start_again(id, node);
        } else {
            world.heal(id);
        }
    });
}

void Story::start_again(FaultId after, NodeId node) {
    World& world = stage_.world();
    if (stage_.is_stopping(node)) {
        world.at(world.now() + look_again, [this, after, node] { start_again(after, node); });
    } else if (!world.is_running(node)) {  // nobody was faster
        const FaultId restart = world.inject(Restart{node});
        if (by_chance_.contains(after)) by_chance_.insert(restart);
    }
}

// A fault by chance; void when the node is down already.
void Story::happen(const ChaosPlay::Happening& what) {
    World& world = stage_.world();
    FaultStep step;
    step.verb = what.kind.verb;
    step.first = what.target;
    step.second = what.second;
    step.number = chaos_slow_factor;
    step.lasting = what.lasting;
    const NodeId node = *world.find_node(what.target);
    if (!world.is_running(node) || world.is_paused(node)) return;
    if (step.verb == "stop") {
        stage_.stop(node);
        return lasts(FaultId(0), step, node);
    }
    const FaultId id = world.inject(*fault_of(step));
    by_chance_.insert(id);
    lasts(id, step, node);
}

void Story::resume(NodeId node) {
    for (const FaultReport& report : stage_.world().faults()) {
        const auto* const pause = std::get_if<Pause>(&report.fault);
        if (pause != nullptr && pause->node == node && !report.is_healed) {
            stage_.world().heal(report.id);
        }
    }
}

std::optional<Fault> Story::fault_of(const FaultStep& step) {
    const auto first = node_of(step.first);
    const auto second =
        step.verb == "bit-rot" || step.second.empty() ? first : node_of(step.second);
    if (!first || !second) return std::nullopt;
    const NodeId a = *first;
    const NodeId b = *second;
    const auto count = static_cast<std::uint64_t>(step.number);
    const std::map<std::string, Fault> faults{
        {"crash", Crash{a}},
        {"bounce", Crash{a}},
        {"power-loss", PowerLoss{a, step.model.value_or(scenario_.crash_model)}},
        {"restart", Restart{a}},
        {"pause", Pause{a}},
        {"cut", Cut{a, b}},
        {"cut-one-way", CutOneWay{a, b}},
        {"clog", Clog{a, b}},
        {"slow-link", SlowLink{a, b, step.time}},
        {"throttle", Throttle{a, b, count}},
        {"reset", Reset{a, b}},
        {"half-open", HalfOpen{a, b}},
        {"refuse-connects", RefuseConnects{a}},
        {"hang-connects", HangConnects{a}},
        {"slow-disk", SlowDisk{a, step.number}},
        {"stall-disk", StallDisk{a}},
        {"full-disk", FullDisk{a, count}},
        {"fail-sync", FailSync{a, step.path}},
        {"bit-rot",
         BitRot{a,
                step.path,
                count,
                static_cast<std::uint8_t>(step.second.empty() ? 0 : step.second[0] - '0')}},
        {"dead-disk", DeadDisk{a}},
        {"clock-skew", ClockSkew{a, step.time}},
        {"clock-drift", ClockDrift{a, static_cast<std::int32_t>(step.number)}},
        {"clock-jump", ClockJump{a, step.time, Duration::nanoseconds(step.number)}}};
    const auto found = faults.find(step.verb);
    if (found == faults.end()) return std::nullopt;
    return found->second;
}

}  // namespace glasslog::sim
