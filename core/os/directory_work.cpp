#include "core/os/directory_work.hpp"

#include "core/os/io_error.hpp"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace glasslog::os {

namespace {

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};

class FileLock final : public runtime::DirectoryLock {
public:
    explicit FileLock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

private:
    Descriptor descriptor_;  // the system lets go of the lock when it closes
};

}  // namespace

Expected<void, IoError> sync_directory_at(const std::string& path) {
    const Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory) return Unexpected{io_error(errno, path, "open the directory")};
    if (::fsync(directory.get()) != 0) return Unexpected{io_error(errno, path, "sync")};
    return {};
}

Expected<std::vector<runtime::DirectoryEntry>, IoError> list_directory(const std::string& path) {
    const std::unique_ptr<DIR, CloseDirectory> directory(::opendir(path.c_str()));
    if (directory == nullptr) return Unexpected{io_error(errno, path, "list")};
    std::vector<runtime::DirectoryEntry> entries;
    while (true) {
        errno = 0;
        const dirent* entry = ::readdir(directory.get());
        if (entry == nullptr && errno != 0) return Unexpected{io_error(errno, path, "list")};
        if (entry == nullptr) break;
        const std::string entry_name = entry->d_name;
        if (entry_name == "." || entry_name == "..") continue;

        struct stat status {};

        if (::fstatat(::dirfd(directory.get()), entry->d_name, &status, 0) != 0) {
            if (errno == ENOENT) continue;  // gone since
            return Unexpected{io_error(errno, path + "/" + entry_name, "look at")};
        }
        const bool is_directory = S_ISDIR(status.st_mode);
        const auto size = is_directory ? 0 : static_cast<std::uint64_t>(status.st_size);
        entries.push_back({.name = entry_name, .is_directory = is_directory, .size = size});
    }
    std::ranges::sort(entries);
    return entries;
}

Expected<WallTime, IoError> modification_time(const std::string& path) {
    struct stat status {};

    if (::stat(path.c_str(), &status) != 0) return Unexpected{io_error(errno, path, "look at")};
    return WallTime::from_milliseconds(status.st_mtim.tv_sec * 1000 +
                                       status.st_mtim.tv_nsec / 1'000'000);
}

Expected<std::unique_ptr<runtime::DirectoryLock>, IoError> lock_file(const std::string& path) {
    Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (!file) return Unexpected{io_error(errno, path, "open the lock")};
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        IoError error = io_error(errno, path, "lock");
        if (error.code == IoCode::exists)
            error.detail = "another process uses this directory; stop it or choose another one";
        return Unexpected{std::move(error)};
    }
    return std::unique_ptr<runtime::DirectoryLock>(std::make_unique<FileLock>(std::move(file)));
}

Expected<runtime::Disk::Space, IoError> free_space(const std::string& path) {
    struct statvfs status {};

    if (::statvfs(path.c_str(), &status) != 0) return Unexpected{io_error(errno, path, "look at")};
    return runtime::Disk::Space{.total_bytes = status.f_blocks * status.f_frsize,
                                .free_bytes = status.f_bavail * status.f_frsize};
}

}  // namespace glasslog::os
