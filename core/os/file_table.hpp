#pragma once

// The files that one reactor has open. Handles of the same file share a FileNode, known by device
// and inode; descriptors are fewer than nodes: the one that was used longest ago is closed, and
// opened again when it is needed.

#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/os/completion.hpp"
#include "core/os/process.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace glasslog::os {

class FileTable;

struct FileIdentity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;

    friend auto operator<=>(const FileIdentity&, const FileIdentity&) = default;
};

// One file. The last handle or operation that holds it closes it.
class FileNode {
public:
    FileNode(FileTable& table, FileIdentity identity) : table_(table), identity_(identity) {}

    ~FileNode();

    FileNode(const FileNode&) = delete;
    FileNode& operator=(const FileNode&) = delete;

    std::string path;  // absolute; follows renames
    std::uint64_t size = 0;
    bool is_poisoned = false;
    bool is_syncing = false;
    std::vector<Waiting<void>> waiting_for_sync;  // for one that begins after the one that runs

private:
    friend class FileTable;

    FileTable& table_;
    FileIdentity identity_;
    std::shared_ptr<Descriptor> descriptor_;  // null: closed for the time being
    bool is_writable_ = false;
    int pins_ = 0;                            // reasons why the path cannot be opened again now
    std::list<FileNode*>::iterator recency_;  // in recent_, while it has a descriptor
};

// Nodes whose names an operation on directories is changing.
struct Renamed {
    std::vector<std::shared_ptr<FileNode>> moving;    // at or below the old name
    std::vector<std::shared_ptr<FileNode>> replaced;  // at or below the new one
};

enum class Access : std::uint8_t { reading, appending };

class FileTable {
public:
    explicit FileTable(std::size_t descriptors_max) : descriptors_max_(descriptors_max) {}

    // The node of what `descriptor`, just opened at `path`, refers to.
    Expected<std::shared_ptr<FileNode>, IoError> adopt(const std::string& path,
                                                       Descriptor descriptor,
                                                       Access access);

    // Opens it again if needed. The caller may keep the result while an operation is in flight.
    Expected<std::shared_ptr<Descriptor>, IoError> descriptor(FileNode& node);

    // Before the system is asked to rename or remove, and after it has answered. A file that lost
    // its name stays usable through the handles that have it open.
    Renamed begin_rename(const std::string& from, const std::string& to);
    void end_rename(const Renamed& renamed,
                    const std::string& from,
                    const std::string& to,
                    bool has_happened);
    Renamed begin_remove(const std::string& path);
    void end_remove(const Renamed& removed, bool has_happened);

    // After a failed sync: for this node and for whoever opens the file later.
    void poison(FileNode& node);

    std::size_t descriptor_count() const { return recent_.size(); }

private:
    friend class FileNode;

    std::vector<std::shared_ptr<FileNode>> pin_below(const std::string& path);
    void set_descriptor(FileNode& node, Descriptor descriptor);
    void touch(FileNode& node);
    void close_oldest();
    void forget(FileNode& node);

    std::size_t descriptors_max_;
    std::map<FileIdentity, std::weak_ptr<FileNode>> nodes_;
    std::set<FileIdentity> poisoned_;
    std::list<FileNode*> recent_;  // nodes with a descriptor, the newest use first
};

}  // namespace glasslog::os
