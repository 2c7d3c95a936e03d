#pragma once

// Partition: one replica of one partition as a machine of the first shape. It decides where batches
// stand, whether a producer's sequence is right, what is committed, who waits, and what a reader
// may see. It holds facts of batches and never bytes; a driver (replica_manager.hpp) turns effects
// into calls on the partition's log and completions into events. Today it leads alone: the ISR is
// this node. Sources: KIP-98, KIP-101, KIP-320; docs/replication.md draws the moves.
//
//   log_start <= high_watermark <= local_end <= log_end
//   log_end:        what was given out; batches below it are written or being written
//   local_end:      what this replica counts itself for: written, and synced where a sync was due
//   high_watermark: what all of the ISR have; consumers see nothing above it

#include "core/base/time.hpp"
#include "core/log/producer_state.hpp"
#include "core/replication/partition_events.hpp"
#include "core/replication/partition_state.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace glasslog::replication {

// Mistakes that only a simulation can make.
enum class HighWatermarkRule : std::uint8_t {
    log_end_when_appended,  // a batch is committed when every replica has it, this one too
    ahead_of_log_end,  // … when it was given an offset: readers see what may never be written
};

struct Rules {
    HighWatermarkRule high_watermark = HighWatermarkRule::log_end_when_appended;
    log::DuplicateRule duplicates = log::DuplicateRule::answer_again;
};

class Partition {
public:
    Partition(OpenedLog log, PartitionConfig config, Rules rules = {});

    [[nodiscard]] Effects step(Instant now, const Event& event);

    const State& state() const { return state_; }

private:
    struct Stepper;

    State state_;
    Rules rules_;
};

// Each names the rule that a state, or a step, breaks; empty when all hold.
std::optional<std::string> check_invariants(const State& state);
std::optional<std::string> check_step(const State& before, const State& after);

}  // namespace glasslog::replication
