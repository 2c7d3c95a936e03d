#pragma once

// A machine of the world: its clock, disk and configuration, and the process that runs on it, of
// one incarnation after the other.

#include "core/runtime/runtime.hpp"
#include "sim/node_clock.hpp"
#include "sim/sim_disk.hpp"
#include "sim/sim_network.hpp"
#include "sim/world.hpp"

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace glasslog::sim {

class Node {
public:
    Node(Engine& engine,
         SimNetwork& network,
         const WorldConfig& world,
         NodeConfig config,
         ProgramFactory factory);
    ~Node();

    // Makes the next incarnation and its program; its start() is planned.
    void begin();

    // Marks it dead and gives the program up for destruction.
    std::unique_ptr<Program> end();

    const NodeConfig& config() const { return config_; }

    NodeId id() const { return id_; }

    NodeClock& clock() { return clock_; }

    DiskDrive& drive() { return drive_; }

    // nullptr when it does not run.
    Program* program() { return program_.get(); }

    void destroy_program() { program_.reset(); }

private:
    class SimExecutor;
    class SimMailbox;
    class SimRandom;
    class SimTrace;
    struct Reactor;

    // Messages from one reactor to another.
    struct Pair {
        std::uint64_t key = 0;
        Lane lane;
        Instant last_at;
        std::size_t waiting = 0;
    };

    // What the Runtimes of one incarnation refer to; kept after its death, since handles and
    // callbacks of the dead may still call (without effect).
    struct Incarnation {
        std::vector<std::unique_ptr<Reactor>> reactors;
        std::deque<Pair> pairs;  // sender * count + receiver
        std::unique_ptr<runtime::Disk> disk;
    };

    Engine& engine_;
    SimNetwork& network_;
    NodeConfig config_;
    ProgramFactory factory_;
    NodeId id_;
    NodeClock clock_;
    DiskDrive drive_;
    Owner owner_;
    std::unique_ptr<Program> program_;
    std::vector<std::unique_ptr<Incarnation>> incarnations_;
};

}  // namespace glasslog::sim
