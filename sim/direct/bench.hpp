#pragma once

// Work of the direct depth that a clock outside can measure.

#include "sim/direct/pacer.hpp"

#include <cstdint>
#include <optional>

namespace glasslog::sim::direct {

// Three voters, no faults: elections, records, and now and then a leader that resigns.
class ElectionBench {
public:
    ElectionBench();

    // At least `count` more steps; how many.
    std::uint64_t run(std::uint64_t count);

private:
    World world_;
    Pacer pacer_;
    Instant next_proposal_;
    Instant next_resignation_;
};

// How the leader before goes: it says so to all (EndQuorumEpoch), or its process dies and starts
// again, and nobody is told but by its connections.
enum class LeaderEnd : std::uint8_t { resigns, crashes };

struct ElectionOptions {
    std::uint64_t seed = 1;
    int voters = 5;
    Ratio loss{3, 10};  // of the messages
    LeaderEnd end = LeaderEnd::resigns;
};

// From the end of one leader to the next one.
struct Election {
    Duration time;
    std::int32_t epochs = 0;  // one for the first candidate that wins
};

// Leaders that go as soon as the first record of their epoch is committed, while messages are lost.
// One that is elected and deposed before that counts with the next.
class LossyElections {
public:
    explicit LossyElections(const ElectionOptions& options);

    // The next election; none when `steps_max` steps did not suffice.
    std::optional<Election> next(std::uint64_t steps_max = 1'000'000);

    std::uint64_t steps() const { return world_.steps(); }

private:
    void end_leader(std::size_t leader);

    ElectionOptions options_;
    World world_;
    Pacer pacer_;
    std::uint64_t drawn_ = 0;
    Instant left_;  // when the last leader went
    LeaderEpoch epoch_{0};
    Election election_;  // of the present leader
};

}  // namespace glasslog::sim::direct
