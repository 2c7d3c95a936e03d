#pragma once

// Files and directories of one reactor. Appends and reads of what the system has in memory run
// inside the call and complete in a task of their own; syncs, cold reads and work on directories
// run on the worker pool.

#include "core/os/completion.hpp"
#include "core/os/fifo.hpp"
#include "core/os/file_table.hpp"
#include "core/os/os_executor.hpp"
#include "core/os/worker_pool.hpp"
#include "core/runtime/disk.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace glasslog::os {

IoError poisoned_error(const FileNode& node);

class OsDisk final : public runtime::Disk {
public:
    struct Options {
        std::string root;  // relative paths begin here; empty: the working directory
        std::size_t descriptors_max = 64;
    };

    OsDisk(OsExecutor& executor, WorkerPool& workers, Options options);

    void open(const std::string& path,
              runtime::OpenMode mode,
              runtime::IoDone<std::unique_ptr<runtime::File>> done) override;
    void rename(const std::string& from,
                const std::string& to,
                runtime::IoDone<void> done) override;
    void remove(const std::string& path, runtime::IoDone<void> done) override;
    void make_directory(const std::string& path, runtime::IoDone<void> done) override;
    void sync_directory(const std::string& path, runtime::IoDone<void> done) override;
    void list(const std::string& path,
              runtime::IoDone<std::vector<runtime::DirectoryEntry>> done) override;
    void modified_at(const std::string& path, runtime::IoDone<WallTime> done) override;
    void lock(const std::string& path,
              runtime::IoDone<std::unique_ptr<runtime::DirectoryLock>> done) override;
    void space(const std::string& path, runtime::IoDone<Space> done) override;

    // --- for OsFile

    // Calls it back soon, after those that finished before.
    void finish(Waiting<void> waiting, std::optional<IoError> error);
    void finish(Waiting<Bytes> waiting, Expected<Bytes, IoError> result);

    // Syncs that wait for one file are served together, by one that begins after them all.
    void sync(const std::shared_ptr<FileNode>& node, Waiting<void> waiting);

    // Runs `job` on a worker and `then` with its result on the reactor.
    template <typename T>
    void run_job(UniqueFunction<T()> job, UniqueFunction<void(T)> then) {
        workers_.submit([&reactor = executor_,
                         cause = executor_.cause(),
                         job = std::move(job),
                         then = std::move(then)]() mutable {
            reactor.post_from_outside(
                [result = job(), then = std::move(then)]() mutable { then(std::move(result)); },
                cause);
        });
    }

    FileTable& files() { return files_; }

    OsExecutor& executor() { return executor_; }

private:
    struct Finished {
        Waiting<void> plain;
        Waiting<Bytes> read;  // the one that has a callback
        std::optional<IoError> error;
        Bytes bytes;
    };

    std::string absolute(const std::string& path) const;
    void begin_sync(const std::shared_ptr<FileNode>& node);
    void end_sync(const std::shared_ptr<FileNode>& node,
                  std::vector<Waiting<void>> served,
                  int errno_value);
    void schedule_finished();
    void run_finished();

    OsExecutor& executor_;
    WorkerPool& workers_;
    Options options_;
    FileTable files_;
    Fifo<Finished> finished_;
    bool is_finishing_scheduled_ = false;
};

}  // namespace glasslog::os
