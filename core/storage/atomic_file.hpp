#pragma once

// Small files that are always whole: `path.tmp` is written and synced, renamed over `path`, and the
// directory synced. A crash leaves the old bytes or the new ones, and perhaps a `.tmp` that the
// next write replaces and that every opening removes.

#include "core/base/bytes.hpp"
#include "core/storage/job.hpp"

#include <string>
#include <vector>

namespace glasslog::storage {

// The operations that make `path` hold `content`; `slot` is free before and after.
std::vector<DiskOp> write_atomically(const std::string& path,
                                     Bytes content,
                                     FileSlot slot = FileSlot(0));

// The folder part of a path; "." when there is none.
std::string parent_of(const std::string& path);

// One writer of one file at a time: contents given while a write runs are merged, the newest wins.
class AtomicFile {
public:
    AtomicFile(runtime::Executor& executor, runtime::Disk& disk, std::string path);

    // `done` runs when this content, or a later one, is durable. After an error every later write
    // answers with it.
    void write(Bytes content, runtime::IoDone<void> done);

    bool is_idle() const { return !runner_.is_running(); }

private:
    void start();
    void finished(Expected<void, IoError> outcome);

    std::string path_;
    runtime::Executor& executor_;
    JobRunner runner_;
    std::optional<Bytes> next_;
    std::vector<runtime::IoDone<void>> in_flight_;
    std::vector<runtime::IoDone<void>> waiting_;
    std::optional<IoError> failure_;
    runtime::Gate gate_;
};

// Reads all of `path` into `*content`, in chunks; more than `bytes_max` is an error.
struct ReadWhole {
    std::string path;
    std::size_t bytes_max = 0;
};

Job read_whole(ReadWhole what, std::shared_ptr<std::vector<std::uint8_t>> content);

}  // namespace glasslog::storage
