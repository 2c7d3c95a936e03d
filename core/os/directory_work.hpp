#pragma once

// What the disk's workers do with names: each call may block. Paths are absolute.

#include "core/os/process.hpp"
#include "core/runtime/disk.hpp"

#include <memory>
#include <string>
#include <vector>

namespace glasslog::os {

Expected<void, IoError> sync_directory_at(const std::string& path);

// Sorted by name, without "." and "..".
Expected<std::vector<runtime::DirectoryEntry>, IoError> list_directory(const std::string& path);

Expected<WallTime, IoError> modification_time(const std::string& path);

// exists: another lock is held on it, by this process or another.
Expected<std::unique_ptr<runtime::DirectoryLock>, IoError> lock_file(const std::string& path);

Expected<runtime::Disk::Space, IoError> free_space(const std::string& path);

}  // namespace glasslog::os
