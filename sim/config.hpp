#pragma once

// What a simulated world is made of, as values with defaults of a small data centre.

#include "core/base/random.hpp"
#include "core/base/time.hpp"
#include "sim/latency.hpp"

#include <cstdint>
#include <string>

namespace glasslog::sim {

// What happens at one Instant: fifo, in the order in which it was planned; shuffled, in a
// keyed-random order of what a real machine may permute. Posts of one executor, completions of one
// file, bytes of one connection and messages of one pair of reactors keep their order in both.
enum class Order : std::uint8_t { fifo, shuffled };

struct NetworkConfig {
    Latency latency{Duration::microseconds(100), Duration::microseconds(500), Shape::exponential};
    std::uint64_t bytes_per_second = 1'000'000'000;  // of each direction of a link

    // How often a message arrives in more than one piece, cut at any byte, and how far apart.
    Ratio chunked{1, 4};
    std::int64_t chunks_max = 4;
    Latency chunk_gap{Duration{}, Duration::microseconds(50)};

    std::size_t socket_buffer_bytes = 256 * 1024;  // of each side of each direction
    std::size_t backlog_max = 128;                 // connections waiting for accept

    // TCP's repetition of what was lost: after the first gap, doubled each time up to the last.
    Duration retry_first = Duration::milliseconds(200);
    Duration retry_last = Duration::seconds(5);
    Duration give_up_after = Duration::seconds(60);
};

struct DiskConfig {
    std::uint64_t capacity_bytes = 64ULL << 30;
    Latency append{Duration::microseconds(2), Duration::microseconds(20)};  // into the page cache
    Latency read{Duration::microseconds(2), Duration::microseconds(60), Shape::exponential};
    Latency sync{Duration::milliseconds(1), Duration::milliseconds(4), Shape::exponential};
    Latency name{Duration::microseconds(5), Duration::microseconds(50)};  // open, rename, list, …
};

// The clocks of a node at its start.
struct ClockConfig {
    Duration wall_skew;
    std::int32_t drift_parts_per_million = 0;
};

struct NodeConfig {
    std::string name;  // also its host name: "b1"
    std::string role = "broker";
    std::int32_t reactors = 1;
    DiskConfig disk;
    ClockConfig clock;
    Latency mailbox{Duration::microseconds(1), Duration::microseconds(20)};
    std::size_t mailbox_messages_max = 4096;  // waiting for each (sender, receiver)
};

struct WorldConfig {
    std::uint64_t seed = 1;
    Order order = Order::shuffled;
    NetworkConfig network;

    // The wall clock of a node without skew when the world begins: 2026-01-01T00:00:00Z.
    WallTime wall_start = WallTime::from_milliseconds(1'767'225'600'000);

    // More events than this at one Instant are a bug of the program: it makes no progress.
    std::uint64_t events_at_one_instant_max = 1'000'000;
};

}  // namespace glasslog::sim
