#pragma once

// OneVoterLog: the metadata log of a quorum that is this node alone. It begins an epoch at every
// start, appends batches, syncs each, and calls committed what is synced. The service needs nothing
// else of a quorum: Raft will stand here. Files as Kafka writes them: __cluster_metadata-0 with its
// segments, and quorum-state. Sources: KIP-595, KIP-853; docs/metadata.md.

#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/base/unique_function.hpp"
#include "core/metadata/image.hpp"
#include "core/metadata/records.hpp"
#include "core/protocol/record_batch.hpp"
#include "core/runtime/gate.hpp"
#include "core/runtime/runtime.hpp"
#include "core/storage/atomic_file.hpp"
#include "core/storage/job.hpp"
#include "core/storage/log_directory.hpp"
#include "core/storage/partition_log.hpp"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace glasslog::metadata {

// quorum-state, as the leader of an epoch writes it.
struct QuorumState {
    NodeId leader = no_node;
    LeaderEpoch epoch{0};

    friend bool operator==(const QuorumState&, const QuorumState&) = default;
};

// One line of JSON, data_version 1.
std::string encode_quorum_state(const QuorumState& state);

// Reads leaderId and leaderEpoch of data_version 0 and 1; refuses what has none.
Expected<QuorumState, DecodeError> decode_quorum_state(std::string_view text);

// What one batch of the log says. base: offset of its first record.
struct ReplayedBatch {
    Offset base;
    LeaderEpoch epoch;
    std::vector<Record> records;
};

// A control record finalized a level of kraft.version.
struct ReplayedKraftVersion {
    Offset offset;
    LeaderEpoch epoch;
    std::int16_t level = 0;
};

using LogEntry = std::variant<ReplayedBatch, ReplayedKraftVersion>;

// The entries of one batch; control records of other kinds are passed over.
Expected<std::vector<LogEntry>, DecodeError> read_entries(const protocol::BatchView& batch);

struct OneVoterOptions {
    NodeId node{1};
    Uuid directory_id;
    std::vector<ListenerEndpoint> endpoints;  // of the controller's listener; may be empty
    storage::Shutdown shutdown = storage::Shutdown::unclean;
    bool is_new = true;  // the folder must be made
};

struct LogStarted {
    LeaderEpoch epoch;
    bool was_empty = false;
};

class OneVoterLog {
public:
    OneVoterLog(const runtime::Runtime& runtime,
                storage::LogDirectory& directory,
                OneVoterOptions options);

    // Opens the log, gives every entry of it to `on_entry`, begins an epoch. Once.
    void start(UniqueFunction<void(LogEntry)> on_entry, runtime::IoDone<LogStarted> done);

    // Called whenever everything below `end` is committed, with growing ends, and once when the log
    // failed; then nothing is committed any more.
    void on_progress(UniqueFunction<void(Expected<Offset, IoError>)> report);

    // One atomic batch at end(). After start.
    void append(std::span<const Record> records);

    // After the last record that was appended.
    Offset end() const;

    Offset committed_end() const { return committed_end_; }

    LeaderEpoch epoch() const { return epoch_; }

    // Also before start() is done, which is then not answered any more.
    void close(runtime::IoDone<void> done);

private:
    void open_log();
    void opened(Expected<storage::Loaded, IoError> loaded);
    void read_quorum_state();
    void take_quorum_state(ByteView text);
    void read_from(Offset from);
    void take(const storage::ReadResult& result);
    void begin_epoch();
    void append_bytes(Bytes batch);
    void sync();
    void fail(IoError error);
    Bytes leader_change_batch(bool is_first) const;

    const runtime::Runtime& runtime_;
    storage::LogDirectory& directory_;
    OneVoterOptions options_;
    std::string path_;
    storage::PartitionLog log_;
    std::string quorum_path_;
    storage::AtomicFile quorum_file_;
    storage::JobRunner reader_;

    UniqueFunction<void(LogEntry)> on_entry_;
    runtime::IoDone<LogStarted> started_;
    UniqueFunction<void(Expected<Offset, IoError>)> report_;
    LeaderEpoch epoch_{0};
    Offset committed_end_{0};
    bool was_empty_ = false;
    bool is_syncing_ = false;
    bool has_failed_ = false;
    bool is_open_ = false;
    bool is_closing_ = false;
    runtime::Gate gate_;
    runtime::Gate start_gate_;  // of the steps of start()
};

}  // namespace glasslog::metadata
