#pragma once

// Disk jobs: work on a disk that takes several operations (recovery, truncation, an atomic file) as
// a machine, `step(Completion) -> DiskOp | Finished`, run by one JobRunner. A job names files by
// slots of its own, so that it holds nothing of the runtime; a crash between any two steps is a
// test. Each operation ends in a task of its own and moves at most `chunk_bytes_max` bytes, so a
// long job never holds the reactor.

#include "core/base/bytes.hpp"
#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/base/payload.hpp"
#include "core/base/strong.hpp"
#include "core/base/time.hpp"
#include "core/base/unique_function.hpp"
#include "core/runtime/disk.hpp"
#include "core/runtime/executor.hpp"
#include "core/runtime/gate.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace glasslog::storage {

inline constexpr std::size_t chunk_bytes_max = 1 << 20;

// A file as its job calls it.
using FileSlot = Strong<struct FileSlotTag, std::int32_t>;

// What an operation does when its subject is not there.
enum class IfMissing : std::uint8_t {
    fail,
    go_on,  // as if done
};

struct OpenFile {
    FileSlot slot;
    std::string path;
    runtime::OpenMode mode = runtime::OpenMode::read;
    IfMissing if_missing = IfMissing::fail;
};

struct CloseFile {
    FileSlot slot;
};

struct AppendFile {
    FileSlot slot;
    Payload payload;
};

struct ReadFile {
    FileSlot slot;
    std::uint64_t position = 0;
    std::size_t max_bytes = 0;
};

struct SyncFile {
    FileSlot slot;
};

struct TruncateFile {
    FileSlot slot;
    std::uint64_t size = 0;
};

struct RenamePath {
    std::string from;
    std::string to;
    IfMissing if_missing = IfMissing::fail;
};

struct RemovePath {
    std::string path;
    IfMissing if_missing = IfMissing::fail;
};

struct MakeDirectory {
    std::string path;
};

struct SyncDirectory {
    std::string path;
};

struct ListDirectory {
    std::string path;
};

struct ModifiedAt {
    std::string path;
};

using DiskOp = std::variant<OpenFile,
                            CloseFile,
                            AppendFile,
                            ReadFile,
                            SyncFile,
                            TruncateFile,
                            RenamePath,
                            RemovePath,
                            MakeDirectory,
                            SyncDirectory,
                            ListDirectory,
                            ModifiedAt>;

// How the operation before ended; the first step of a job gets a default one.
struct Completion {
    std::optional<IoError> error;                  // empty: it was done
    bool is_missing = false;                       // IfMissing::go_on had to
    Bytes bytes;                                   // of ReadFile
    std::uint64_t size = 0;                        // of OpenFile
    std::vector<runtime::DirectoryEntry> entries;  // of ListDirectory
    WallTime modified_at;                          // of ModifiedAt
};

// The job is over; with an error it failed.
struct Finished {
    std::optional<IoError> error;
};

using Step = std::variant<DiskOp, Finished>;

// A job. It is not called again after Finished.
using Job = UniqueFunction<Step(Completion)>;

// The operations one after another, up to the first error.
Job run_in_order(std::vector<DiskOp> operations);

// Runs one job at a time.
class JobRunner {
public:
    JobRunner(runtime::Executor& executor, runtime::Disk& disk);

    // `done` runs once, in a later task; inside it keep() takes files that the job left open, the
    // others are closed behind it. Must not run already.
    void run(Job job, runtime::IoDone<void> done);

    bool is_running() const { return static_cast<bool>(job_); }

    // Before run(): a file that the job finds open.
    void lend(FileSlot slot, std::shared_ptr<runtime::File> file);

    // Inside `done`: a file that the job left open; null when it did not.
    std::shared_ptr<runtime::File> keep(FileSlot slot);

private:
    void step(Completion completion);
    void issue(DiskOp& operation);
    void finish(Finished finished);
    void open(OpenFile& operation);
    void on_file(DiskOp& operation);
    void on_path(DiskOp& operation);
    runtime::IoDone<void> plain(IfMissing if_missing = IfMissing::fail);
    runtime::File& file_of(FileSlot slot);

    runtime::Executor& executor_;
    runtime::Disk& disk_;
    Job job_;
    runtime::IoDone<void> done_;
    std::map<FileSlot, std::shared_ptr<runtime::File>> files_;
    std::map<FileSlot, std::shared_ptr<runtime::File>> finished_files_;  // for keep()
    runtime::Gate gate_;
};

// The operation in words, for messages and traces: "truncate 00000000000000000000.log to 4096".
std::string describe(const DiskOp& operation);

}  // namespace glasslog::storage
