#pragma once

// The fault vocabulary. A fault is a value; the world injects it (World::inject), heals it if it
// can be healed, and counts how often it bit: a fault that never bit proves nothing.

#include "core/base/ids.hpp"
#include "core/base/strong.hpp"
#include "core/base/time.hpp"
#include "sim/crash_model.hpp"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace glasslog::sim {

// --- processes. They bite once, when they find what they are meant for; a pause for each event
// that had to wait, when it heals.

// The process dies; the page cache and the machine live on, peers see resets.
struct Crash {
    NodeId node;
};

// The machine dies: nobody is told, the disk resolves what was not synced. Bites on a running
// machine, and on one whose page cache held something.
struct PowerLoss {
    NodeId node;
    CrashModel model;
};

// Starts the program again, on the disk as it is.
struct Restart {
    NodeId node;
};

// Nothing of the process runs; its sockets stay and take bytes until they are full. Heals by
// resuming.
struct Pause {
    NodeId node;
};

// --- network. They bite for each packet whose fate they change, and heal. A loss beats a hold, a
// hold beats delays, and delays add up.

// No packet between the two, either way. no_node: all other nodes.
struct Cut {
    NodeId a;
    NodeId b;
};

// No packet from one to the other.
struct CutOneWay {
    NodeId from;
    NodeId to;
};

// Packets either way stall; healing delivers them.
struct Clog {
    NodeId a;
    NodeId b;
};

// Every packet either way takes `extra` longer.
struct SlowLink {
    NodeId a;
    NodeId b;
    Duration extra;
};

// The link carries at most so many bytes a second, each way.
struct Throttle {
    NodeId a;
    NodeId b;
    std::uint64_t bytes_per_second = 0;
};

// Every connection between the two is reset now; bites for each.
struct Reset {
    NodeId a;
    NodeId b;
};

// `silent` forgets its connections to `other` without a word; `other` goes on sending into the
// void until TCP gives up. New connections work. Bites for each connection.
struct HalfOpen {
    NodeId silent;
    NodeId other;
};

// Connections to `node` are answered with "refused".
struct RefuseConnects {
    NodeId node;
};

// Connections to `node` are not answered.
struct HangConnects {
    NodeId node;
};

// --- disks. They bite for each operation that they touch.

// Every operation takes `factor` times as long.
struct SlowDisk {
    NodeId node;
    std::int64_t factor = 1;
};

// No operation ends until healed.
struct StallDisk {
    NodeId node;
};

// No more than `free_bytes` can be written.
struct FullDisk {
    NodeId node;
    std::uint64_t free_bytes = 0;
};

// The next sync of a file whose path begins with `path` fails once; the file is poisoned.
struct FailSync {
    NodeId node;
    std::string path;
};

// One bit of a file, on the platter and in the cache, for ever; bites when a read returns it.
struct BitRot {
    NodeId node;
    std::string path;
    std::uint64_t position = 0;
    std::uint8_t bit = 0;
};

// Every operation fails.
struct DeadDisk {
    NodeId node;
};

// --- clocks. They bite for each reading of the clock that they changed.

// The wall clock is `by` ahead (behind, when negative) from now on; healing takes it back.
struct ClockSkew {
    NodeId node;
    Duration by;
};

// Both clocks run faster by so many parts in a million (slower, when negative).
struct ClockDrift {
    NodeId node;
    std::int32_t parts_per_million = 0;
};

// The monotonic clock jumps forward by `monotonic` (not negative), the wall clock by `wall`.
struct ClockJump {
    NodeId node;
    Duration monotonic;
    Duration wall;
};

using Fault = std::variant<Crash,
                           PowerLoss,
                           Restart,
                           Pause,
                           Cut,
                           CutOneWay,
                           Clog,
                           SlowLink,
                           Throttle,
                           Reset,
                           HalfOpen,
                           RefuseConnects,
                           HangConnects,
                           SlowDisk,
                           StallDisk,
                           FullDisk,
                           FailSync,
                           BitRot,
                           DeadDisk,
                           ClockSkew,
                           ClockDrift,
                           ClockJump>;

using FaultId = Strong<struct FaultIdTag, std::int32_t>;

// What became of one injected fault.
struct FaultReport {
    FaultId id;
    Fault fault;
    Instant injected_at;
    bool is_healed = false;
    std::uint64_t bites = 0;
};

// It lasts until it is healed. What happened in an instant, or for ever, is not taken back.
bool heals(const Fault& fault);

// "power-loss", "slow-disk": the verb of the scenario language.
std::string kind_of(const Fault& fault);

// "cut b1 | p1". names[i]: of node i + 1.
std::string text(const Fault& fault, const std::vector<std::string>& names);

}  // namespace glasslog::sim
