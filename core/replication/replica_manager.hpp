#pragma once

// ReplicaManager: the driver of the partitions of one reactor. It opens and deletes their logs as
// the metadata image says, validates batches, turns effects of the Partition machines into calls on
// their logs and completions into events, joins the partitions of a Fetch, and keeps the timers of
// retention and checkpoints. A partition lives on the reactor that reactor_of() names; requests for
// it are made there. All calls and callbacks run on that reactor.

#include "core/base/ids.hpp"
#include "core/base/payload.hpp"
#include "core/base/time.hpp"
#include "core/base/unique_function.hpp"
#include "core/base/uuid.hpp"
#include "core/metadata/configs.hpp"
#include "core/metadata/image.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/isolation_level.hpp"
#include "core/protocol/walk.hpp"
#include "core/replication/directory_host.hpp"
#include "core/replication/partition.hpp"
#include "core/runtime/runtime.hpp"
#include "core/storage/log_directory.hpp"
#include "core/storage/partition_log.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace glasslog::replication {

struct PartitionId {
    Uuid topic;
    PartitionIndex index;

    friend auto operator<=>(const PartitionId&, const PartitionId&) = default;
};

// Where a partition lives among `reactor_count` reactors.
ReactorId reactor_of(const PartitionId& partition, std::int32_t reactor_count);

struct ReplicaOptions {
    NodeId node{1};
    std::shared_ptr<const storage::OpenedDirectory> opened;  // what the directory held at start
    metadata::StaticConfigs file;                            // server.properties
    Rules rules;
    storage::StorageRules storage_rules;
    Duration retention_check_interval = Duration::seconds(300);
    Duration high_watermark_checkpoint_interval = Duration::seconds(5);
    Duration recovery_point_checkpoint_interval = Duration::seconds(60);
    Duration log_start_checkpoint_interval = Duration::seconds(60);
    Duration producer_expiration = Duration::seconds(86'400);
    std::size_t parked_fetches_max = 10'000;  // beyond it a long poll answers at once
    std::size_t opening_logs_max = 16;        // at a time
    std::size_t waiting_for_log_max = 1'000;  // requests per log that is still opening
};

// One partition of a Produce, as it came.
struct AppendRequest {
    PartitionId partition;
    Payload records;
    std::int16_t acks = -1;
    Duration timeout;
    protocol::Version version;  // of the Produce request
};

// Why a batch was refused, for one of its records.
struct RecordError {
    std::int32_t batch_index = 0;
    std::optional<std::string> message;
};

struct AppendResult {
    WireError error = WireError::none;
    Offset base_offset = no_offset;
    WallTime log_append_time;  // -1 unless the topic says so, or the batch was a duplicate
    Offset log_start = no_offset;
    std::vector<RecordError> record_errors;
    std::optional<std::string> message;
    LeaderEpoch leader_epoch = no_leader_epoch;  // with not_leader_or_follower, when known
};

struct PartitionRead {
    PartitionId partition;
    Offset offset;
    LeaderEpoch current_leader_epoch = no_leader_epoch;
    LeaderEpoch last_fetched_epoch = no_leader_epoch;
    std::int32_t max_bytes = 0;
};

// A Fetch, or the part of it whose partitions live here. Read in this order; the first partition
// that has something gives at least one batch, whatever the limits.
struct FetchRequest {
    std::vector<PartitionRead> partitions;
    NodeId replica = no_node;
    std::int32_t max_bytes = INT32_MAX;
    IsolationLevel isolation = IsolationLevel::read_uncommitted;
};

// How far a partition could be read.
struct Seen {
    Offset upto = no_offset;
    std::uint64_t committed_bytes = 0;  // State::committed_bytes
};

struct ReadResult {
    WireError error = WireError::none;
    Offset high_watermark = no_offset;
    Offset last_stable_offset = no_offset;
    Offset log_start = no_offset;
    std::optional<log::EpochEnd> diverging;
    LeaderEpoch leader_epoch = no_leader_epoch;  // of the leader here, when known
    Seen seen;                                   // without an error
    Payload records;                             // whole batches
};

// Chosen by the caller, among all reactors of the broker.
using WaitId = Strong<struct WaitIdTag, std::uint64_t>;

// A Fetch that read too little, or the part of it whose partitions live here.
struct WaitRequest {
    struct Partition {
        PartitionId id;
        Seen seen;  // of the reading
    };

    WaitId id;
    std::vector<Partition> partitions;
    std::uint64_t bytes = 1;  // that have to come, in all partitions together
    Duration max_wait;
    IsolationLevel isolation = IsolationLevel::read_uncommitted;
};

// came: so many bytes. look: the time is over, or something else is to be said, or too many wait.
enum class WaitEnd : std::uint8_t { came, look, stopping };

struct OffsetRequest {
    PartitionId partition;
    std::int64_t timestamp = -1;
    LeaderEpoch current_leader_epoch = no_leader_epoch;
    NodeId replica = no_node;
    IsolationLevel isolation = IsolationLevel::read_uncommitted;
};

struct EpochRequest {
    PartitionId partition;
    LeaderEpoch current_leader_epoch = no_leader_epoch;
    LeaderEpoch epoch;
};

struct LogSize {
    PartitionId partition;
    storage::PartitionName name;
    std::uint64_t size_bytes = 0;
};

template <typename Result>
using Answer = UniqueFunction<void(Result)>;

class ReplicaManager {
public:
    // host: on reactor 0, shared by all reactors' managers.
    ReplicaManager(const runtime::Runtime& runtime, DirectoryHost& host, ReplicaOptions options);
    ~ReplicaManager();

    ReplicaManager(const ReplicaManager&) = delete;
    ReplicaManager& operator=(const ReplicaManager&) = delete;

    // Opens the logs of all partitions that `image` places here; done when every one is open or has
    // failed (then on_failure is told). Starts the timers. Once.
    void start(metadata::ImagePtr image, UniqueFunction<void()> done);

    // Follows the metadata: opens new partitions, deletes removed ones, applies configurations and
    // leader epochs. Costs what differs from the image before. Requests for a partition whose log
    // is opening wait for it.
    void apply(metadata::ImagePtr image);

    // Answers what is parked, closes every log, writes checkpoints. No call afterwards. is_clean:
    // every log was open and is closed in order, so that the next start need not recover any.
    void stop(UniqueFunction<void(bool is_clean)> done);

    // Format, acks, leadership, validation, sequences, log: the first that refuses answers. Also
    // with acks 0 it answers, so that the caller may close the connection on an error.
    void append(AppendRequest request, Answer<AppendResult> done);

    // Called once when a log failed: the disk lies or is gone, and the node should stop.
    void on_failure(UniqueFunction<void(IoError)> report);

    // One result per partition, in order.
    void fetch(FetchRequest request, Answer<std::vector<ReadResult>> done);

    // Until there is a reason to read again. Holds no records.
    void wait(WaitRequest request, Answer<WaitEnd> done);

    // No answer; nothing when it was given already. For a Fetch whose other part, on another
    // reactor, has something.
    void cancel_wait(WaitId id);

    // All who wait are told that the broker stops.
    void end_waits();

    void list_offset(const OffsetRequest& request, Answer<ListOffsetReply> done);
    void delete_records(const PartitionId& partition,
                        Offset offset,
                        Answer<DeleteRecordsReply> done);
    void end_of_epoch(const EpochRequest& request, Answer<EndOfEpochReply> done);

    // Of every partition here, in the order of topic ids.
    std::vector<LogSize> log_sizes() const;

    // nullptr: not here, or not open yet.
    const State* find(const PartitionId& partition) const;

    std::size_t partition_count() const;
    std::size_t parked_fetch_count() const;

private:
    class Core;
    std::unique_ptr<Core> core_;
};

}  // namespace glasslog::replication
