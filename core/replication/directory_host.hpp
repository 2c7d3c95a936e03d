#pragma once

// DirectoryHost: reactor 0's half of a data directory that all reactors use. Partition folders are
// made and deleted here, and the checkpoint files, which hold every partition of the broker, are
// written here from what the reactors report. Other reactors reach it by mailbox only, through a
// DirectoryClient of their own.

#include "core/base/unique_function.hpp"
#include "core/replication/outbox.hpp"
#include "core/runtime/gate.hpp"
#include "core/runtime/runtime.hpp"
#include "core/storage/log_directory.hpp"

#include <array>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace glasslog::replication {

class DirectoryHost {
public:
    // Lives on reactor 0, and longer than every ReplicaManager. directory: open.
    DirectoryHost(const runtime::Runtime& runtime,
                  storage::LogDirectory& directory,
                  const storage::OpenedDirectory& opened);

    DirectoryHost(const DirectoryHost&) = delete;
    DirectoryHost& operator=(const DirectoryHost&) = delete;

    // All three on reactor 0.

    // The folder of a partition. One that is there is no error; the folder of another topic of this
    // name goes first, and with it what the checkpoint files say of that name: it would be believed
    // of the new one after a crash.
    void create(const storage::PartitionName& name,
                const Uuid& topic_id,
                runtime::IoDone<void> done);
    void remove(const storage::PartitionName& name, runtime::IoDone<void> done);
    void set_aside(const storage::PartitionName& name, runtime::IoDone<void> done);

    // Replaces what `reactor` reported before, and writes the file of all reactors.
    void checkpoint(ReactorId reactor,
                    storage::CheckpointKind kind,
                    storage::OffsetCheckpoint offsets,
                    runtime::IoDone<void> done);

    Outbox& outbox() { return outbox_; }

    // Never changes: any reactor may call it.
    std::string partition_path(const storage::PartitionName& name) const;

private:
    using ByReactor = std::map<ReactorId, storage::OffsetCheckpoint>;

    struct Waiting {
        Uuid topic_id;
        runtime::IoDone<void> done;
    };

    struct Folder {
        std::optional<Uuid> topic_id;  // none: partition.metadata was missing; it fits any
        std::vector<Waiting> waiting;  // until it is removed
    };

    void removed(const storage::PartitionName& name);
    void forget(const storage::PartitionName& name);
    bool is_in_files(const storage::PartitionName& name) const;
    void clean_files(std::size_t kind);
    void write(storage::CheckpointKind kind, runtime::IoDone<void> done);
    ByReactor& of(storage::CheckpointKind kind);

    storage::LogDirectory& directory_;
    const std::string path_;
    std::map<storage::PartitionName, Folder> folders_;
    std::array<ByReactor, 3> reported_;
    // What the files may hold: what was last written, and what is being written.
    std::array<std::vector<storage::OffsetCheckpoint>, 3> in_files_;
    bool is_cleaning_ = false;                 // of the files; what comes meanwhile waits
    std::deque<UniqueFunction<void()>> held_;  // calls, in order
    std::optional<IoError> failure_;           // of the cleaning: no folder is made any more
    Outbox outbox_;
    runtime::Gate gate_;
};

// The same from any reactor: the request goes to reactor 0, the answer comes back to where it was
// asked. Requests keep their order.
class DirectoryClient {
public:
    DirectoryClient(const runtime::Runtime& runtime, DirectoryHost& host)
        : runtime_(runtime), host_(host), outbox_(runtime) {}

    void create(const storage::PartitionName& name,
                const Uuid& topic_id,
                runtime::IoDone<void> done);
    void remove(const storage::PartitionName& name, runtime::IoDone<void> done);
    void set_aside(const storage::PartitionName& name, runtime::IoDone<void> done);
    void checkpoint(storage::CheckpointKind kind,
                    storage::OffsetCheckpoint offsets,
                    runtime::IoDone<void> done);

    std::string partition_path(const storage::PartitionName& name) const {
        return host_.partition_path(name);
    }

private:
    using Call = UniqueFunction<void(DirectoryHost&, runtime::IoDone<void>)>;

    void ask(Call call, runtime::IoDone<void> done);

    const runtime::Runtime& runtime_;
    DirectoryHost& host_;
    Outbox outbox_;
    // What the askers gave stays on this reactor, under a ticket.
    std::map<std::uint64_t, runtime::IoDone<void>> waiting_;
    std::uint64_t last_ticket_ = 0;
    runtime::Gate gate_;
};

}  // namespace glasslog::replication
