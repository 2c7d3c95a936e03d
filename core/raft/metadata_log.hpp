#pragma once

// MetadataLog: all of a quorum node that is on its disk: the segments of __cluster_metadata-0,
// quorum-state and the snapshots, in one folder. It makes the machine's starting point (Opened) of
// them, and durable what the machine wants durable. docs/raft-driver.md.

#include "core/protocol/record_batch.hpp"
#include "core/raft/options.hpp"
#include "core/raft/snapshot_store.hpp"
#include "core/runtime/gate.hpp"
#include "core/runtime/runtime.hpp"
#include "core/storage/atomic_file.hpp"
#include "core/storage/job.hpp"
#include "core/storage/log_directory.hpp"
#include "core/storage/partition_log.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace glasslog::raft {

inline constexpr std::string_view log_topic = "__cluster_metadata";
inline constexpr PartitionIndex log_partition{0};

struct MetadataLogOptions {
    storage::Shutdown shutdown = storage::Shutdown::unclean;
    bool is_new = true;                     // the folder must be made
    VotersAt configured;                    // in force unless a snapshot or the log names others
    std::size_t tail_bytes_max = 4U << 20;  // newest batches kept in memory
};

class MetadataLog {
public:
    MetadataLog(const runtime::Runtime& runtime,
                storage::LogDirectory& directory,
                MetadataLogOptions options);

    // First call, once.
    void open(runtime::IoDone<Opened> done);

    // Told once, of the first write that failed; then nothing is durable any more.
    void on_failure(UniqueFunction<void(IoError)> report) { failed_ = std::move(report); }

    // Changes take effect in the order of the calls, and are durable when a later sync() answers.
    void append(Bytes batch);
    void truncate(Offset end);
    void save(const QuorumState& state, const VotersAt& voters);

    // Everything asked for before is durable; answers the end of what then is: never above a
    // truncation that was asked for since. One at a time.
    void sync(UniqueFunction<void(Offset)> done);

    // The log is empty and begins at the snapshot's end, durably.
    void restart_at(SnapshotId snapshot, runtime::IoDone<void> done);

    // What lies below may be deleted; snapshots, too.
    void advance_start(Offset start, Offset high_watermark);

    // Whole batches of [from, upto), at least one, up to about `bytes_max`.
    struct Wanted {
        Offset from;
        Offset upto;
        std::size_t bytes_max = 0;
    };

    // From memory; empty when the disk must be asked.
    std::optional<storage::ReadResult> read_cached(const Wanted& wanted) const;
    void read(const Wanted& wanted, runtime::IoDone<storage::ReadResult> done);

    SnapshotStore& snapshots() { return snapshots_; }

    const std::string& path() const { return path_; }

    Offset log_start() const { return log_.log_start(); }

    // Also before open() is done, which is then not answered any more.
    void close(runtime::IoDone<void> done);

private:
    void list_snapshots();
    void load_newest();
    void read_quorum_state();
    void take_quorum_state(ByteView text);
    void open_log();
    void opened(Expected<storage::Loaded, IoError> loaded);
    void scan(Offset from);
    bool take_voters(const protocol::BatchView& batch);
    void finish_open();
    void fail_open(IoError error);
    void fail(IoError error);
    void check_round();

    const runtime::Runtime& runtime_;
    storage::LogDirectory& directory_;
    MetadataLogOptions options_;
    std::string path_;
    storage::PartitionLog log_;
    std::string quorum_path_;
    storage::AtomicFile quorum_file_;
    SnapshotStore snapshots_;
    storage::JobRunner reader_;

    runtime::IoDone<Opened> opening_;
    Opened found_;
    UniqueFunction<void(IoError)> failed_;
    bool is_open_ = false;
    bool is_closing_ = false;
    bool has_failed_ = false;

    // A sync: of the log, and of the saves up to a number.
    struct Round {
        bool is_log_done = false;
        Offset upto;
        std::uint64_t saves = 0;
        UniqueFunction<void(Offset)> done;
    };

    std::optional<Round> round_;
    Offset asked_end_;                // of the log, with all appends and truncations asked for
    std::uint64_t change_count_ = 0;  // of the log …
    std::uint64_t synced_count_ = 0;  // … and those that a sync covers
    std::uint64_t saves_asked_ = 0;
    std::uint64_t saves_done_ = 0;

    runtime::Gate gate_;
    runtime::Gate open_gate_;  // of the steps of open()
};

}  // namespace glasslog::raft
