#pragma once

// World: everything in one simulated run: time, chance, nodes, network, disks, faults, trace.
// Deterministic: the same configuration, programs and calls give the same events in the same order.
//
//   World world(config);
//   const NodeId b1 = world.add_node({.name = "b1", .reactors = 2}, [](auto reactors) {
//       return std::make_unique<BrokerProgram>(std::move(reactors), config);
//   });
//   world.start(b1);
//   world.run_for(Duration::seconds(3));
//   world.power_loss(b1, CrashModel{});
//   world.restart(b1);

#include "core/runtime/runtime.hpp"
#include "core/trace/event.hpp"
#include "sim/config.hpp"
#include "sim/disk_image.hpp"
#include "sim/fault.hpp"
#include "sim/link_filter.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace glasslog::sim {

// What runs on a node: one process. Clients are programs too.
class Program {
public:
    // Called without a crash too: World::stop. After a crash every call of the runtime is void.
    virtual ~Program() = default;

    // Called once, as the first event of the incarnation.
    virtual void start() = 0;
};

// Called at every start of the node, with one Runtime for each reactor, in order.
using ProgramFactory =
    UniqueFunction<std::unique_ptr<Program>(std::vector<runtime::Runtime> reactors)>;

// Told of every event of the trace, after it was hashed. Must not touch the world but by
// World::at: it runs in the middle of a node's code.
using Observer = UniqueFunction<void(const trace::Event& event)>;

class World {
public:
    explicit World(const WorldConfig& config);
    ~World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    // --- nodes. Numbers count from 1 in the order of adding.

    NodeId add_node(NodeConfig config, ProgramFactory factory);
    std::optional<NodeId> find_node(std::string_view name) const;
    const std::string& name_of(NodeId node) const;
    std::int32_t node_count() const;

    // Creates the program; the node is not running.
    void start(NodeId node);

    // Destroys the program while the runtime still answers, then ends the process. Like a crash,
    // but what the destructors do counts.
    void stop(NodeId node);

    // Void when the node is not running. The program is destroyed when the current event returns,
    // at once outside of events.
    void crash(NodeId node);

    // Of a machine that does not run, too: its page cache may still hold something. True when it
    // did.
    bool power_loss(NodeId node, const CrashModel& model);

    // start() of a node that is not running.
    void restart(NodeId node);
    void pause(NodeId node);
    void resume(NodeId node);
    bool is_running(NodeId node) const;  // also while paused
    bool is_paused(NodeId node) const;

    // The running program; nullptr when the node is not running.
    Program* program(NodeId node);

    // --- time

    // Of the world; nodes have their own clocks.
    Instant now() const;

    // Runs `task` as an event of the world itself: faults, checks, the scenario's steps.
    void at(Instant when, runtime::Task task);

    // The next event; false when there is none.
    bool step();

    // Everything up to and including `when`, which is then the time.
    void run_until(Instant when);

    void run_for(Duration duration) { run_until(now() + duration); }

    // Until `finished` holds, asked between events; false when it did not before `limit` passed.
    bool run_until(UniqueFunction<bool()> finished, Duration limit);

    // Until nothing is left to do; false when that takes longer than `limit`.
    bool run_to_end(Duration limit = Duration::seconds(3600));

    // --- faults

    // Takes effect at once. Faults that heal last until heal(), which is void for all others.
    FaultId inject(Fault fault);
    void heal(FaultId id);
    std::vector<FaultReport> faults() const;

    // The n-th change that the node's disk is about to make from now (0: the next) becomes a power
    // loss (or a crash, when no model is given) instead: writes, truncations, syncs, creations,
    // renames, removals count. See DiskLab.
    void crash_at_boundary(NodeId node, std::uint64_t n, std::optional<CrashModel> model);

    // Such changes so far.
    std::uint64_t boundaries(NodeId node) const;

    // Own filters, asked together with the faults; see link_filter.hpp. Held packets are judged
    // again at each removal.
    void add_filter(LinkFilter& filter);
    void remove_filter(LinkFilter& filter);

    DiskImage& disk(NodeId node);

    // Of the node: H(seed, domain, node, entity, n), as runtime::Random gives. no_node: the
    // world's.
    std::uint64_t draw(NodeId node, std::string_view domain, std::string_view entity);

    // --- trace

    // Over every event so far; see trace::TraceHash. The same at every level, watched or not.
    std::uint64_t hash() const;

    // Events that ran, not those of the trace.
    std::uint64_t event_count() const;

    // Emits on behalf of the world (no_node) or of a node.
    template <typename Kind>
    trace::EventId emit(NodeId node, const Kind& fields) {
        return emit_bytes(node, trace::EventKind(Kind::kind.number), trace::encode(fields));
    }

    // Observers are called in the order in which they were added and live as long as the world.
    void observe(Observer observer);

private:
    struct Parts;

    trace::EventId emit_bytes(NodeId node, trace::EventKind kind, ByteView bytes);

    std::unique_ptr<Parts> parts_;
};

}  // namespace glasslog::sim
