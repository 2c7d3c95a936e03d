#pragma once

// SnapshotStore: the checkpoint files of the metadata log, beside its segments: written by this
// node's state machine, fetched from a leader piece by piece, served to followers, read, removed. A
// file has its final name only when it is whole and durable. Source: KIP-630;
// docs/raft-driver.md.

#include "core/protocol/errors.hpp"
#include "core/raft/snapshot_file.hpp"
#include "core/runtime/gate.hpp"
#include "core/runtime/runtime.hpp"
#include "core/storage/job.hpp"

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace glasslog::raft {

class SnapshotStore {
public:
    SnapshotStore(const runtime::Runtime& runtime,
                  std::string directory,
                  SnapshotLimits limits = {});

    // The whole snapshots that are there, by end. Removes what a crash left half done.
    void open(runtime::IoDone<std::vector<SnapshotId>> done);

    // Of ours: durable under its final name when `done` runs; answers its size.
    void write(SnapshotId id, const Snapshot& content, runtime::IoDone<std::int64_t> done);

    // Of the leader's: the bytes at `position`. Refuses a position that does not follow.
    struct Piece {
        SnapshotId id;
        std::int64_t position = 0;
        Bytes bytes;
    };

    void receive(Piece piece, runtime::IoDone<void> done);

    // After the last piece: reads the whole, refuses what is no snapshot, gives it its final name.
    void accept(SnapshotId id, runtime::IoDone<Snapshot> done);

    void load(SnapshotId id, runtime::IoDone<Snapshot> done);

    // [position, position + max) of the file, less at its end. snapshot_not_found,
    // position_out_of_range.
    struct Wanted {
        SnapshotId id;
        std::int64_t position = 0;
        std::size_t bytes_max = 0;
    };

    struct Range {
        protocol::WireError error = protocol::WireError::none;
        std::int64_t size = 0;  // of the file
        Bytes bytes;
    };

    void serve(const Wanted& wanted, UniqueFunction<void(Range)> done);

    // Those that end below `end`.
    void remove_below(Offset end);

    // Whole ones, by end.
    const std::vector<SnapshotId>& all() const { return all_; }

    std::string path_of(const SnapshotId& id,
                        SnapshotFileKind kind = SnapshotFileKind::whole) const;

private:
    struct Queued {
        storage::Job job;
        runtime::IoDone<void> done;
    };

    void run(storage::Job job, runtime::IoDone<void> done);
    void run_next();
    void read(std::string path, LeaderEpoch epoch, runtime::IoDone<Snapshot> done);
    void name_finally(SnapshotId id, runtime::IoDone<void> done);
    void add(SnapshotId id);

    const runtime::Runtime& runtime_;
    std::string directory_;
    SnapshotLimits limits_;
    storage::JobRunner runner_;
    std::deque<Queued> queue_;  // the first is running
    std::vector<SnapshotId> all_;
    SnapshotId receiving_;
    std::int64_t received_bytes_ = 0;
    runtime::Gate gate_;
};

}  // namespace glasslog::raft
