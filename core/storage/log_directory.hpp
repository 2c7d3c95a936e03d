#pragma once

// LogDirectory: what a data directory holds beside its partitions: the lock, whose it is, how it
// was left, the checkpoints; and the creation and deletion of partition directories. It belongs to
// reactor 0, while each PartitionLog belongs to the reactor of its partition: the two share paths
// and offsets, never objects.

#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/base/ids.hpp"
#include "core/base/uuid.hpp"
#include "core/runtime/disk.hpp"
#include "core/runtime/runtime.hpp"
#include "core/storage/checkpoints.hpp"
#include "core/storage/names.hpp"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace glasslog::storage {

// Whose directory it must be. Fields that are unset are not compared.
struct DirectoryOwner {
    std::optional<std::string> cluster_id;
    NodeId node_id = no_node;
};

struct OpenDirectory {
    DirectoryOwner owner;
    // Written when there is no meta.properties; empty: a missing one is an error.
    std::optional<MetaProperties> format;
    Duration file_delete_delay = Duration::seconds(60);
};

struct FoundPartition {
    PartitionName name;
    std::string path;              // of its folder, for PartitionLog
    std::optional<Uuid> topic_id;  // from partition.metadata; empty: missing or unreadable
    Offset recovery_point{0};      // of the checkpoints; 0 when they have none
    Offset log_start{0};
    std::optional<Offset> high_watermark;
};

enum class CheckpointKind : std::uint8_t { recovery_point, log_start, high_watermark };

inline constexpr std::array checkpoint_kinds{
    CheckpointKind::recovery_point, CheckpointKind::log_start, CheckpointKind::high_watermark};

struct OpenedDirectory {
    MetaProperties meta;
    std::optional<BrokerEpoch> clean_shutdown;  // empty: it was not shut down cleanly
    std::vector<FoundPartition> partitions;     // sorted by name
    std::vector<std::string> stray;             // folders that belong to no partition
    // As the files say, by CheckpointKind; they may name partitions that are gone.
    std::array<OffsetCheckpoint, 3> checkpoints;
};

class LogDirectory {
public:
    LogDirectory(const runtime::Runtime& runtime, std::string path);
    ~LogDirectory();
    LogDirectory(const LogDirectory&) = delete;
    LogDirectory& operator=(const LogDirectory&) = delete;

    // Makes the folder, takes the lock (IoCode::exists when another process has it), reads
    // meta.properties or writes it, reads and removes the clean-shutdown marker, reads the
    // checkpoints, lists the partitions, and goes on removing folders that were deleted.
    void open(OpenDirectory how, runtime::IoDone<OpenedDirectory> done);

    // The folder with its partition.metadata, durable. Answers its path. Again is no error.
    void create_partition(const PartitionName& name,
                          const Uuid& topic_id,
                          runtime::IoDone<std::string> done);

    // Renames the folder, durably, and removes it after file_delete_delay. The partition's log must
    // be gone. A missing folder is no error.
    void delete_partition(const PartitionName& name, runtime::IoDone<void> done);

    // Renames the folder, durably, to one of no partition, which is kept. A missing folder is no
    // error.
    void set_aside(const PartitionName& name, runtime::IoDone<void> done);

    // Replaces the whole checkpoint; durable when `done` runs.
    void write_checkpoint(CheckpointKind kind,
                          const OffsetCheckpoint& offsets,
                          runtime::IoDone<void> done);

    // After every log of it was closed: leaves the clean-shutdown marker and the lock.
    void close_clean(BrokerEpoch epoch, runtime::IoDone<void> done);

    const std::string& path() const;
    std::string partition_path(const PartitionName& name) const;

private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace glasslog::storage
