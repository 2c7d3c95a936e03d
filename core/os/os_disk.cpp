#include "core/os/os_disk.hpp"

#include "core/os/directory_work.hpp"
#include "core/os/io_error.hpp"
#include "core/os/os_file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace glasslog::os {

using runtime::IoDone;

namespace {

int flags_of(runtime::OpenMode mode) {
    switch (mode) {
        case runtime::OpenMode::read:
            return O_RDONLY;
        case runtime::OpenMode::append:
            return O_RDWR;
        case runtime::OpenMode::create:
            return O_RDWR | O_CREAT | O_EXCL;
        case runtime::OpenMode::create_or_append:
            return O_RDWR | O_CREAT;
    }
    UNREACHABLE("open mode {}", static_cast<int>(mode));
}

Expected<Descriptor, IoError> open_file(const std::string& path, runtime::OpenMode mode) {
    Descriptor opened(::open(path.c_str(), flags_of(mode) | O_CLOEXEC, 0644));
    if (!opened) return Unexpected{io_error(errno, path, "open")};
    return opened;
}

}  // namespace

IoError poisoned_error(const FileNode& node) {
    return {.code = IoCode::poisoned,
            .subject = node.path,
            .detail = "an earlier sync failed, so what it holds is unknown; restart the node"};
}

OsDisk::OsDisk(OsExecutor& executor, WorkerPool& workers, Options options)
    : executor_(executor),
      workers_(workers),
      options_(std::move(options)),
      files_(options_.descriptors_max) {}

void OsDisk::open(const std::string& path,
                  runtime::OpenMode mode,
                  IoDone<std::unique_ptr<runtime::File>> done) {
    const std::string full = absolute(path);
    const Access access = mode == runtime::OpenMode::read ? Access::reading : Access::appending;
    run_job<Expected<Descriptor, IoError>>(
        [full, mode] { return open_file(full, mode); },
        [this, path, full, access, done = std::move(done)](
            Expected<Descriptor, IoError> opened) mutable {
            if (!opened) return done(Unexpected{std::move(opened.error())});
            auto node = files_.adopt(full, *std::move(opened), access);
            if (!node) return done(Unexpected{std::move(node.error())});
            done(std::unique_ptr<runtime::File>(
                std::make_unique<OsFile>(*this, *std::move(node), path, access)));
        });
}

void OsDisk::rename(const std::string& from, const std::string& to, IoDone<void> done) {
    const std::string source = absolute(from);
    const std::string target = absolute(to);
    run_job<Expected<void, IoError>>(
        [source, target]() -> Expected<void, IoError> {
            if (::rename(source.c_str(), target.c_str()) == 0) return {};
            return Unexpected{io_error(errno, source, "rename to " + target)};
        },
        [this,
         source,
         target,
         renamed = files_.begin_rename(source, target),
         done = std::move(done)](Expected<void, IoError> result) mutable {
            files_.end_rename(renamed, source, target, result.has_value());
            done(std::move(result));
        });
}

void OsDisk::remove(const std::string& path, IoDone<void> done) {
    const std::string full = absolute(path);
    run_job<Expected<void, IoError>>(
        [full]() -> Expected<void, IoError> {
            if (::remove(full.c_str()) == 0) return {};
            return Unexpected{io_error(errno, full, "remove")};
        },
        [this, removed = files_.begin_remove(full), done = std::move(done)](
            Expected<void, IoError> result) mutable {
            files_.end_remove(removed, result.has_value());
            done(std::move(result));
        });
}

void OsDisk::make_directory(const std::string& path, IoDone<void> done) {
    run_job<Expected<void, IoError>>([full = absolute(path)] { return make_directories(full); },
                                     std::move(done));
}

void OsDisk::sync_directory(const std::string& path, IoDone<void> done) {
    run_job<Expected<void, IoError>>([full = absolute(path)] { return sync_directory_at(full); },
                                     std::move(done));
}

void OsDisk::list(const std::string& path, IoDone<std::vector<runtime::DirectoryEntry>> done) {
    run_job<Expected<std::vector<runtime::DirectoryEntry>, IoError>>(
        [full = absolute(path)] { return list_directory(full); },
        std::move(done));
}

void OsDisk::modified_at(const std::string& path, IoDone<WallTime> done) {
    run_job<Expected<WallTime, IoError>>(
        [full = absolute(path)] { return modification_time(full); },
        std::move(done));
}

void OsDisk::lock(const std::string& path, IoDone<std::unique_ptr<runtime::DirectoryLock>> done) {
    run_job<Expected<std::unique_ptr<runtime::DirectoryLock>, IoError>>(
        [full = absolute(path)] { return lock_file(full); },
        std::move(done));
}

void OsDisk::space(const std::string& path, IoDone<Space> done) {
    run_job<Expected<Space, IoError>>([full = absolute(path)] { return free_space(full); },
                                      std::move(done));
}

void OsDisk::sync(const std::shared_ptr<FileNode>& node, Waiting<void> waiting) {
    node->waiting_for_sync.push_back(std::move(waiting));
    if (!node->is_syncing) begin_sync(node);
}

void OsDisk::begin_sync(const std::shared_ptr<FileNode>& node) {
    std::vector<Waiting<void>> served;
    served.swap(node->waiting_for_sync);
    std::optional<IoError> refused;
    if (node->is_poisoned) refused = poisoned_error(*node);
    auto descriptor = files_.descriptor(*node);
    if (!refused && !descriptor) refused = descriptor.error();
    if (refused) {
        for (Waiting<void>& waiting : served)
            finish(std::move(waiting), refused);
        return;
    }
    node->is_syncing = true;
    run_job<int>([descriptor = *std::move(
                      descriptor)] { return ::fdatasync(descriptor->get()) == 0 ? 0 : errno; },
                 [this, node, served = std::move(served)](int errno_value) mutable {
                     end_sync(node, std::move(served), errno_value);
                 });
}

void OsDisk::end_sync(const std::shared_ptr<FileNode>& node,
                      std::vector<Waiting<void>> served,
                      int errno_value) {
    node->is_syncing = false;
    std::optional<IoError> error;
    if (errno_value != 0) {
        files_.poison(*node);
        error = io_error(errno_value, node->path, "sync");
    }
    for (Waiting<void>& waiting : served)
        finish(std::move(waiting), error);
    if (!node->waiting_for_sync.empty()) begin_sync(node);
}

void OsDisk::finish(Waiting<void> waiting, std::optional<IoError> error) {
    finished_.push({.plain = std::move(waiting), .read = {}, .error = std::move(error)});
    schedule_finished();
}

void OsDisk::finish(Waiting<Bytes> waiting, Expected<Bytes, IoError> result) {
    Finished finished{.plain = {}, .read = std::move(waiting), .error = {}};
    if (result) {
        finished.bytes = *std::move(result);
    } else {
        finished.error = std::move(result.error());
    }
    finished_.push(std::move(finished));
    schedule_finished();
}

std::string OsDisk::absolute(const std::string& path) const {
    if (options_.root.empty() || path.starts_with('/')) return path;
    return path.empty() ? options_.root : options_.root + "/" + path;
}

void OsDisk::schedule_finished() {
    if (is_finishing_scheduled_) return;
    is_finishing_scheduled_ = true;
    executor_.post([this] { run_finished(); });
}

void OsDisk::run_finished() {
    is_finishing_scheduled_ = false;
    for (std::size_t left = finished_.size(); left > 0 && !executor_.is_stopped(); --left) {
        Finished finished = finished_.pop();
        if (finished.read.done && !finished.read.owner.expired()) {
            auto result = finished.error
                              ? Expected<Bytes, IoError>(Unexpected{*std::move(finished.error)})
                              : Expected<Bytes, IoError>(std::move(finished.bytes));
            executor_.run_under(finished.read.cause,
                                [&] { finished.read.done(std::move(result)); });
        } else if (finished.plain.done && !finished.plain.owner.expired()) {
            auto result = finished.error
                              ? Expected<void, IoError>(Unexpected{*std::move(finished.error)})
                              : Expected<void, IoError>();
            executor_.run_under(finished.plain.cause,
                                [&] { finished.plain.done(std::move(result)); });
        }
    }
}

}  // namespace glasslog::os
