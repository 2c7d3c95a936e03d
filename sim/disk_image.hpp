#pragma once

// DiskImage: the files and directories of one machine as values: what is in the page cache, what
// is on the platter, and how the two differ. No time, no callbacks: SimDisk adds those.
//
// Paths as in core/runtime/disk.hpp; a leading '/' means nothing. The root directory exists.

#include "core/base/bytes.hpp"
#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/base/payload.hpp"
#include "core/base/strong.hpp"
#include "core/base/time.hpp"
#include "core/base/unique_function.hpp"
#include "core/runtime/disk.hpp"
#include "sim/crash_model.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace glasslog::sim {

using InodeId = Strong<struct InodeIdTag, std::uint64_t>;

// What a power loss did to the unsynced bytes of one file.
struct FileCrash {
    std::string path;
    std::uint64_t written_bytes = 0;  // unsynced before
    std::uint64_t kept_bytes = 0;     // of them
    bool is_torn = false;
};

class DiskImage {
public:
    // Gives chance to power_loss(): (what, path) to 64 bits, a new draw each call.
    using Draw = UniqueFunction<std::uint64_t(std::string_view what, const std::string& path)>;

    DiskImage();

    // --- names, in the page cache; durable after sync_directory

    Expected<InodeId, IoError> open(const std::string& path, runtime::OpenMode mode);
    Expected<void, IoError> rename(const std::string& from, const std::string& to);
    Expected<void, IoError> remove(const std::string& path);
    Expected<void, IoError> make_directory(const std::string& path);
    Expected<void, IoError> sync_directory(const std::string& path);
    Expected<std::vector<runtime::DirectoryEntry>, IoError> list(const std::string& path) const;

    // Empty when the path is no file.
    std::optional<InodeId> find(const std::string& path) const;

    bool exists(InodeId file) const { return files_.contains(file); }

    // --- contents of a file, in the page cache; durable after sync

    void append(InodeId file, const Payload& payload, WallTime now);

    // The first `bytes` of the payload only: a write that was cut short.
    void append_part(InodeId file, const Payload& payload, std::uint64_t bytes);
    void truncate(InodeId file, std::uint64_t size, WallTime now);
    Bytes read(InodeId file, std::uint64_t position, std::size_t max) const;
    std::uint64_t size(InodeId file) const;
    WallTime modified_at(InodeId file) const;

    // Changes made so far, counted per file; sync_upto(file, changes(file)) syncs all.
    std::uint64_t changes(InodeId file) const;
    void sync_upto(InodeId file, std::uint64_t change);

    // Bytes of this file that a power loss may take.
    std::uint64_t unsynced_bytes(InodeId file) const;

    // A power loss may take something of a file.
    bool has_unsynced() const;

    // An open handle keeps a removed file alive.
    void pin(InodeId file);
    void unpin(InodeId file);

    // The process that held them is gone.
    void drop_pins();

    std::uint64_t used_bytes() const { return used_bytes_; }

    // A file with these contents, and the directories above it, as if they had always been there.
    void put(const std::string& path, const Bytes& content);

    // --- damage

    // The page cache is gone; what was not synced is resolved by the model. Reports each file that
    // had unsynced bytes.
    std::vector<FileCrash> power_loss(const CrashModel& model, Draw draw);

    // Flips one bit, in the cache and on the platter. False when the file is shorter.
    bool rot(InodeId file, std::uint64_t position, std::uint8_t bit);

    // --- for tests and checkers: as the page cache shows it

    std::optional<Bytes> contents(const std::string& path) const;
    std::vector<std::string> files() const;  // paths, sorted

private:
    // One change of a file that was not synced. append: bytes [begin, end) came; truncation: bytes
    // [begin, end) went, and are kept in `removed` since the platter still has them.
    struct Change {
        bool is_append = false;
        std::uint64_t begin = 0;
        std::uint64_t end = 0;
        std::vector<std::uint8_t> removed;
    };

    struct File {
        std::vector<std::uint8_t> bytes;
        std::vector<Change> unsynced;  // the last of the `changes`
        std::uint64_t changes = 0;
        WallTime modified;
        std::int32_t pins = 0;
    };

    using Entries = std::map<std::string, InodeId, std::less<>>;

    struct Directory {
        Entries cached;
        Entries durable;
    };

    // inode 0: the name is gone.
    struct Edit {
        InodeId directory;
        std::string name;
        InodeId inode;
    };

    using NameChange = std::vector<Edit>;  // all or nothing

    struct Place {
        InodeId directory;
        std::string name;
        InodeId inode;  // 0: nothing has this name
    };

    Expected<Place, IoError> locate(const std::string& path) const;
    Expected<InodeId, IoError> directory_at(const std::string& path) const;
    File& file(InodeId id);
    const File& file(InodeId id) const;

    bool is_directory(InodeId id) const { return directories_.contains(id); }

    void apply(NameChange change);
    void collect_garbage();
    void reach(InodeId id, std::set<InodeId>& reached) const;
    std::map<InodeId, std::string> paths() const;
    void walk(InodeId directory,
              const std::string& prefix,
              std::map<InodeId, std::string>& out) const;
    void resolve_names(Unsynced fate, Draw& draw);
    FileCrash resolve(File& file, const std::string& path, const CrashModel& model, Draw& draw);

    std::map<InodeId, File> files_;
    std::map<InodeId, Directory> directories_;
    std::vector<NameChange> unsynced_names_;
    std::uint64_t last_inode_ = 1;
    std::uint64_t used_bytes_ = 0;
};

}  // namespace glasslog::sim
