#pragma once

// Upkeep: what has to be done for the replicas of a reactor from time to time: retention, expiry of
// producers, and the checkpoints of high watermarks, recovery points and log starts. A walk over
// the replicas does one at a time, so it never holds the reactor.

#include "core/replication/directory_host.hpp"
#include "core/replication/replica_set.hpp"
#include "core/runtime/gate.hpp"
#include "core/runtime/runtime.hpp"

#include <array>
#include <optional>

namespace glasslog::replication {

class Upkeep {
public:
    Upkeep(const runtime::Runtime& runtime,
           DirectoryClient& directory,
           ReplicaSet& replicas,
           ReplicaListener& listener)
        : runtime_(runtime),
          directory_(directory),
          replicas_(replicas),
          options_(replicas.options()),
          listener_(listener) {}

    // Arms the timers.
    void start();
    void stop();

    // All three checkpoints, once more.
    void write_all(UniqueFunction<void(bool is_written)> done);

private:
    void arm_checkpoint(storage::CheckpointKind kind);
    Duration interval_of(storage::CheckpointKind kind) const;
    storage::OffsetCheckpoint collect(storage::CheckpointKind kind) const;
    void write(storage::CheckpointKind kind, UniqueFunction<void()> done);
    void arm_retention();
    void clean_after(PartitionId last);

    const runtime::Runtime& runtime_;
    DirectoryClient& directory_;
    ReplicaSet& replicas_;
    const ReplicaOptions& options_;
    ReplicaListener& listener_;
    std::array<runtime::Timer, 3> checkpoint_timers_;
    runtime::Timer retention_timer_;
    runtime::Gate gate_;
};

}  // namespace glasslog::replication
