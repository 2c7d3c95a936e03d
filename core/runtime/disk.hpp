#pragma once

// Files and directories of one node, with the ordering promises that recovery builds on. Paths are
// relative to the node's root ("data/orders-0/00000000000000000000.log") or absolute on a real
// machine; '/' separates.
//
// Promises:
// - appends to one file keep the order of issue; a read sees every append whose callback has run;
// - sync covers every append and truncate issued on that file before it, whoever opened it;
// - a created, renamed or removed name is durable after sync_directory of its directory;
// - rename over an existing file is atomic: after a crash the name is the old file or the new one;
// - completions on different files come in any order; the callbacks of one file's appends come in
// order;
// - after a failed sync the file is poisoned: every later append or sync of it fails with
//   IoCode::poisoned, in this process. The node stops.
//
// Callbacks: last parameter, never from inside the call, at most once, and exactly once while the
// File (the Disk, for its own calls) lives. Buffers belong to the operation.

#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/base/payload.hpp"
#include "core/base/time.hpp"
#include "core/base/unique_function.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace glasslog::runtime {

template <typename T>
using IoDone = UniqueFunction<void(Expected<T, IoError>)>;

// An open file. Destruction closes it; operations in flight finish without their callbacks.
class File {
public:
    virtual ~File() = default;

    // At the end of the file; the whole payload or an error. A failed append may have written a
    // part.
    virtual void append(Payload payload, IoDone<void> done) = 0;

    // Up to `max` bytes from `position`; fewer, or none, only at the end of the file.
    virtual void read_at(std::uint64_t position, std::size_t max, IoDone<Bytes> done) = 0;

    virtual void sync(IoDone<void> done) = 0;

    // To `size`, which is not above the present size. Ordered with the appends of this file.
    virtual void truncate(std::uint64_t size, IoDone<void> done) = 0;

    // Bytes of the appends issued so far and of what was there when it was opened.
    virtual std::uint64_t size() const = 0;

    virtual const std::string& path() const = 0;
};

enum class OpenMode : std::uint8_t {
    read,    // must exist
    append,  // must exist
    create,  // must not exist; append
    create_or_append,
};

struct DirectoryEntry {
    std::string name;  // without the directory
    bool is_directory = false;
    std::uint64_t size = 0;  // bytes, of a file

    friend auto operator<=>(const DirectoryEntry&, const DirectoryEntry&) = default;
};

// Held by one process per path; destruction releases it.
class DirectoryLock {
public:
    virtual ~DirectoryLock() = default;
};

class Disk {
public:
    virtual ~Disk() = default;

    virtual void open(const std::string& path,
                      OpenMode mode,
                      IoDone<std::unique_ptr<File>> done) = 0;

    virtual void rename(const std::string& from, const std::string& to, IoDone<void> done) = 0;

    // A file or an empty directory.
    virtual void remove(const std::string& path, IoDone<void> done) = 0;

    // With missing parents; an existing directory is no error.
    virtual void make_directory(const std::string& path, IoDone<void> done) = 0;

    virtual void sync_directory(const std::string& path, IoDone<void> done) = 0;

    // Sorted by name.
    virtual void list(const std::string& path, IoDone<std::vector<DirectoryEntry>> done) = 0;

    // Of the last change of a file's bytes.
    virtual void modified_at(const std::string& path, IoDone<WallTime> done) = 0;

    // `path` is the lock file (".lock"); IoCode::exists when another process holds it.
    virtual void lock(const std::string& path, IoDone<std::unique_ptr<DirectoryLock>> done) = 0;

    struct Space {
        std::uint64_t total_bytes = 0;
        std::uint64_t free_bytes = 0;
    };

    virtual void space(const std::string& path, IoDone<Space> done) = 0;
};

}  // namespace glasslog::runtime
