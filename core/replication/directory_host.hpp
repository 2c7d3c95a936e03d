#pragma once

// DirectoryHost: reactor 0's half of a data directory that all reactors use. Partition folders are
// made and deleted here, and the checkpoint files, which hold every partition of the broker, are
// written here from what the reactors report. Other reactors reach it by mailbox only.

#include "core/base/unique_function.hpp"
#include "core/runtime/gate.hpp"
#include "core/runtime/runtime.hpp"
#include "core/storage/log_directory.hpp"

#include <array>
#include <map>
#include <memory>
#include <string>

namespace glasslog::replication {

class DirectoryHost {
public:
    // Lives on reactor 0, and longer than every ReplicaManager. directory: open.
    DirectoryHost(const runtime::Runtime& runtime, storage::LogDirectory& directory);

    DirectoryHost(const DirectoryHost&) = delete;
    DirectoryHost& operator=(const DirectoryHost&) = delete;

    // On reactor 0. An existing folder is no error.
    void create(const storage::PartitionName& name,
                const Uuid& topic_id,
                runtime::IoDone<std::string> done);
    void remove(const storage::PartitionName& name, runtime::IoDone<void> done);

    // Replaces what `reactor` reported before, and writes the file of all reactors.
    void checkpoint(ReactorId reactor,
                    storage::CheckpointKind kind,
                    storage::OffsetCheckpoint offsets,
                    runtime::IoDone<void> done);

private:
    using ByReactor = std::map<ReactorId, storage::OffsetCheckpoint>;

    storage::LogDirectory& directory_;
    std::array<ByReactor, 3> reported_;
    runtime::Gate gate_;
};

// The same from any reactor: the request goes to reactor 0 by mailbox, the answer comes back to
// where it was asked. A full mailbox is tried again.
class DirectoryClient {
public:
    DirectoryClient(const runtime::Runtime& runtime, DirectoryHost& host);

    void create(const storage::PartitionName& name,
                const Uuid& topic_id,
                runtime::IoDone<std::string> done);
    void remove(const storage::PartitionName& name, runtime::IoDone<void> done);
    void checkpoint(storage::CheckpointKind kind,
                    storage::OffsetCheckpoint offsets,
                    runtime::IoDone<void> done);

private:
    const runtime::Runtime& runtime_;
    DirectoryHost& host_;
    runtime::Gate gate_;
};

}  // namespace glasslog::replication
