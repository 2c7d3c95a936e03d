#pragma once

// What the set of in-sync replicas allows: pure.

#include "core/replication/partition.hpp"

namespace glasslog::replication {

// How many replicas must be in sync: min.insync.replicas, but never more than there are.
std::int64_t effective_min_isr(const State& state);

// True while a write may be acknowledged to acks -1, and the high watermark may move (KIP-966).
bool has_enough_replicas(const State& state);

// True while what this replica has is committed: nobody else is in sync. Followers that fetch come
// later; until then a larger ISR commits nothing.
bool commits_alone(const State& state);

}  // namespace glasslog::replication
