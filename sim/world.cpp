#include "sim/world.hpp"

#include "core/base/check.hpp"
#include "core/base/overloaded.hpp"
#include "sim/engine.hpp"
#include "sim/node.hpp"
#include "sim/sim_network.hpp"

#include <deque>
#include <utility>

namespace glasslog::sim {

struct World::Parts {
    explicit Parts(const WorldConfig& given)
        : config(given), engine(given), network(engine, given.network) {}

    Node& at(NodeId node) {
        const auto index = static_cast<std::size_t>(node.value()) - 1;
        CHECK(index < nodes.size(), "node {}", node);
        return *nodes[index];
    }

    std::vector<std::string> names() const {
        std::vector<std::string> out;
        for (const auto& node : nodes)
            out.push_back(node->config().name);
        return out;
    }

    WorldConfig config;
    Engine engine;
    SimNetwork network;
    std::vector<std::unique_ptr<Node>> nodes;
    std::deque<ActiveFault> faults;
    Lane lane;
};

World::World(const WorldConfig& config) : parts_(std::make_unique<Parts>(config)) {}

World::~World() {
    // The dead may call; they must find the world still there.
    for (const auto& node : parts_->nodes)
        parts_->engine.end_incarnation(node->id());
    for (const auto& node : parts_->nodes)
        node->destroy_program();
    parts_->engine.clear();
}

// --- nodes --------------------------------------------------------------------------------------

NodeId World::add_node(NodeConfig config, ProgramFactory factory) {
    CHECK(!find_node(config.name), "two nodes named {}", config.name);
    parts_->nodes.push_back(std::make_unique<Node>(parts_->engine,
                                                   parts_->network,
                                                   parts_->config,
                                                   std::move(config),
                                                   std::move(factory)));
    return parts_->nodes.back()->id();
}

std::optional<NodeId> World::find_node(std::string_view name) const {
    for (const auto& node : parts_->nodes) {
        if (node->config().name == name) return node->id();
    }
    return std::nullopt;
}

const std::string& World::name_of(NodeId node) const {
    return parts_->at(node).config().name;
}

std::int32_t World::node_count() const {
    return static_cast<std::int32_t>(parts_->nodes.size());
}

void World::start(NodeId node) {
    parts_->at(node).begin();
}

void World::restart(NodeId node) {
    if (!is_running(node)) start(node);
}

void World::stop(NodeId node) {
    if (!is_running(node)) return;
    Engine& engine = parts_->engine;
    engine.after_event([this, node, &engine] {
        if (!is_running(node)) return;
        Node& stopping = parts_->at(node);
        stopping.destroy_program();
        stopping.drive().finish_writes();
        stopping.end();
        parts_->network.process_died(node);
        stopping.drive().process_died();
        engine.emit(node, trace::kinds::NodeStopped{});
    });
}

void World::crash(NodeId node) {
    if (!is_running(node)) return;
    Engine& engine = parts_->engine;
    std::unique_ptr<Program> program = parts_->at(node).end();
    engine.emit(node, trace::kinds::NodeCrashed{"process"});
    parts_->network.process_died(node);
    parts_->at(node).drive().process_died();
    engine.after_event([gone = std::move(program)] {});
}

bool World::power_loss(NodeId node, const CrashModel& model) {
    Engine& engine = parts_->engine;
    std::unique_ptr<Program> program = parts_->at(node).end();
    engine.emit(node, trace::kinds::NodeCrashed{"power"});
    parts_->network.machine_died(node);
    parts_->at(node).drive().process_died();
    const bool had_unsynced = parts_->at(node).drive().power_loss(model);
    engine.after_event([gone = std::move(program)] {});
    return had_unsynced;
}

void World::pause(NodeId node) {
    if (!is_running(node) || is_paused(node)) return;
    parts_->engine.pause(node);
    parts_->engine.emit(node, trace::kinds::NodePaused{});
}

void World::resume(NodeId node) {
    if (!is_paused(node)) return;
    parts_->engine.emit(node, trace::kinds::NodeResumed{});
    parts_->engine.resume(node);
}

bool World::is_running(NodeId node) const {
    return parts_->engine.is_running(node);
}

bool World::is_paused(NodeId node) const {
    return parts_->engine.is_paused(node);
}

Program* World::program(NodeId node) {
    return parts_->at(node).program();
}

// --- time ---------------------------------------------------------------------------------------

Instant World::now() const {
    return parts_->engine.now();
}

void World::at(Instant when, runtime::Task task) {
    parts_->engine.plan(when, parts_->lane, Owner{}, std::move(task));
}

bool World::step() {
    return parts_->engine.step(Instant::never());
}

void World::run_until(Instant when) {
    while (parts_->engine.step(when)) {
    }
    parts_->engine.advance_to(when);
}

bool World::run_until(UniqueFunction<bool()> finished, Duration limit) {
    const Instant end = now() + limit;
    while (!finished()) {
        if (parts_->engine.step(end)) continue;
        parts_->engine.advance_to(end);
        return finished();
    }
    return true;
}

bool World::run_to_end(Duration limit) {
    const Instant end = now() + limit;
    while (parts_->engine.step(end)) {
    }
    return parts_->engine.is_idle();
}

// --- faults -------------------------------------------------------------------------------------

FaultId World::inject(Fault fault) {
    const FaultId id(static_cast<std::int32_t>(parts_->faults.size()) + 1);
    parts_->faults.push_back({id, std::move(fault), now(), false, 0, 0});
    ActiveFault& active = parts_->faults.back();
    const std::string words = text(active.fault, parts_->names());
    const trace::EventId event = emit(no_node, trace::kinds::FaultInjected{words});
    const trace::EventId outer = parts_->engine.cause();
    parts_->engine.set_cause(event);
    const auto process = [&](NodeId node, bool bites) {
        active.bites += bites ? 1 : 0;
        return node;
    };
    const auto disk = [&](NodeId node) { parts_->at(node).drive().inject(active); };
    const auto clock = [&](NodeId node) { parts_->at(node).clock().inject(active); };
    std::visit(overloaded{[&](const Crash& f) { crash(process(f.node, is_running(f.node))); },
                          [&](const PowerLoss& f) {
                              const bool was_running = is_running(f.node);
                              const bool had_unsynced = power_loss(f.node, f.model);
                              active.bites += was_running || had_unsynced ? 1 : 0;
                          },
                          [&](const Restart& f) { restart(process(f.node, !is_running(f.node))); },
                          [&](const Pause& f) {
                              active.held_before = parts_->engine.held_count(f.node);
                              pause(f.node);
                          },
                          [&](const SlowDisk& f) { disk(f.node); },
                          [&](const StallDisk& f) { disk(f.node); },
                          [&](const FullDisk& f) { disk(f.node); },
                          [&](const FailSync& f) { disk(f.node); },
                          [&](const BitRot& f) { disk(f.node); },
                          [&](const DeadDisk& f) { disk(f.node); },
                          [&](const ClockSkew& f) { clock(f.node); },
                          [&](const ClockDrift& f) { clock(f.node); },
                          [&](const ClockJump& f) { clock(f.node); },
                          [&](const auto&) { parts_->network.inject(active); }},
               active.fault);
    parts_->engine.set_cause(outer);
    return id;
}

void World::heal(FaultId id) {
    const auto index = static_cast<std::size_t>(id.value()) - 1;
    CHECK(index < parts_->faults.size(), "fault {}", id);
    ActiveFault& active = parts_->faults[index];
    if (!heals(active.fault) || std::exchange(active.is_healed, true)) return;
    const std::string words = "heal " + text(active.fault, parts_->names());
    emit(no_node, trace::kinds::FaultInjected{words});
    const auto disk = [&](NodeId node) { parts_->at(node).drive().heal(active); };
    const auto clock = [&](NodeId node) { parts_->at(node).clock().heal(active); };
    std::visit(overloaded{[&](const Pause& f) {
                              active.bites = parts_->engine.held_count(f.node) - active.held_before;
                              resume(f.node);
                          },
                          [&](const SlowDisk& f) { disk(f.node); },
                          [&](const StallDisk& f) { disk(f.node); },
                          [&](const FullDisk& f) { disk(f.node); },
                          [&](const FailSync& f) { disk(f.node); },
                          [&](const DeadDisk& f) { disk(f.node); },
                          [&](const ClockSkew& f) { clock(f.node); },
                          [&](const ClockDrift& f) { clock(f.node); },
                          [&](const auto&) { parts_->network.heal(active); }},
               active.fault);
}

std::vector<FaultReport> World::faults() const {
    std::vector<FaultReport> out;
    for (const ActiveFault& f : parts_->faults)
        out.push_back({f.id, f.fault, f.injected_at, f.is_healed, f.bites});
    return out;
}

void World::crash_at_boundary(NodeId node, std::uint64_t n, std::optional<CrashModel> model) {
    DiskDrive& drive = parts_->at(node).drive();
    drive.crash_at(drive.boundaries() + n, [this, node, model] {
        if (model) {
            power_loss(node, *model);
        } else {
            crash(node);
        }
    });
}

std::uint64_t World::boundaries(NodeId node) const {
    return parts_->at(node).drive().boundaries();
}

void World::add_filter(LinkFilter& filter) {
    parts_->network.add_filter(filter);
}

void World::remove_filter(LinkFilter& filter) {
    parts_->network.remove_filter(filter);
}

DiskImage& World::disk(NodeId node) {
    return parts_->at(node).drive().image();
}

std::uint64_t World::draw(NodeId node, std::string_view domain, std::string_view entity) {
    return parts_->engine.draws().next(domain, node, entity);
}

// --- trace --------------------------------------------------------------------------------------

std::uint64_t World::hash() const {
    return parts_->engine.hash();
}

std::uint64_t World::event_count() const {
    return parts_->engine.event_count();
}

trace::EventId World::emit_bytes(NodeId node, trace::EventKind kind, ByteView bytes) {
    return parts_->engine.emit(node, kind, bytes);
}

void World::observe(Observer observer) {
    parts_->engine.observe(std::move(observer));
}

}  // namespace glasslog::sim
