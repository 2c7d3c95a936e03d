#include "core/os/file_table.hpp"

#include "core/os/io_error.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>

namespace glasslog::os {

namespace {

bool is_at_or_below(const std::string& path, const std::string& top) {
    if (path.compare(0, top.size(), top) != 0) return false;
    return path.size() == top.size() || path[top.size()] == '/';
}

FileIdentity identity_of(const struct stat& status) {
    return {.device = status.st_dev, .inode = status.st_ino};
}

}  // namespace

FileNode::~FileNode() {
    table_.forget(*this);
}

Expected<std::shared_ptr<FileNode>, IoError> FileTable::adopt(const std::string& path,
                                                              Descriptor descriptor,
                                                              Access access) {
    struct stat status {};

    if (::fstat(descriptor.get(), &status) != 0) return Unexpected{io_error(errno, path, "open")};
    if (!S_ISREG(status.st_mode)) return Unexpected{io_error(EISDIR, path, "open as a file")};
    const FileIdentity identity = identity_of(status);
    std::shared_ptr<FileNode> node = nodes_[identity].lock();
    if (node == nullptr) {
        node = std::make_shared<FileNode>(*this, identity);
        node->path = path;
        node->size = static_cast<std::uint64_t>(status.st_size);
        node->is_poisoned = poisoned_.contains(identity);
        nodes_[identity] = node;
    }
    const bool is_needed =
        node->descriptor_ == nullptr || (access == Access::appending && !node->is_writable_);
    if (access == Access::appending) node->is_writable_ = true;
    if (is_needed) set_descriptor(*node, std::move(descriptor));
    return node;
}

Expected<std::shared_ptr<Descriptor>, IoError> FileTable::descriptor(FileNode& node) {
    if (node.descriptor_ != nullptr) {
        touch(node);
        return node.descriptor_;
    }
    const int mode = node.is_writable_ ? O_RDWR : O_RDONLY;
    Descriptor again(::open(node.path.c_str(), mode | O_CLOEXEC));
    if (!again) return Unexpected{io_error(errno, node.path, "open again")};

    struct stat status {};

    if (::fstat(again.get(), &status) != 0 || identity_of(status) != node.identity_) {
        return Unexpected{IoError{.code = IoCode::not_found,
                                  .subject = node.path,
                                  .detail = "another file has taken its name"}};
    }
    set_descriptor(node, std::move(again));
    return node.descriptor_;
}

Renamed FileTable::begin_rename(const std::string& from, const std::string& to) {
    Renamed renamed;
    renamed.moving = pin_below(from);
    renamed.replaced = pin_below(to);
    return renamed;
}

void FileTable::end_rename(const Renamed& renamed,
                           const std::string& from,
                           const std::string& to,
                           bool has_happened) {
    for (const auto& node : renamed.moving) {
        --node->pins_;
        if (has_happened) node->path = to + node->path.substr(from.size());
    }
    for (const auto& node : renamed.replaced) {
        if (!has_happened) --node->pins_;
    }
}

Renamed FileTable::begin_remove(const std::string& path) {
    Renamed removed;
    removed.replaced = pin_below(path);
    return removed;
}

void FileTable::end_remove(const Renamed& removed, bool has_happened) {
    end_rename(removed, "", "", has_happened);
}

void FileTable::poison(FileNode& node) {
    node.is_poisoned = true;
    poisoned_.insert(node.identity_);
}

std::vector<std::shared_ptr<FileNode>> FileTable::pin_below(const std::string& path) {
    std::vector<std::shared_ptr<FileNode>> pinned;
    for (const auto& [identity, weak] : nodes_) {
        std::shared_ptr<FileNode> node = weak.lock();
        if (node == nullptr || !is_at_or_below(node->path, path)) continue;
        pinned.push_back(std::move(node));
    }
    for (const auto& node : pinned) {
        ++node->pins_;
        ignore(descriptor(*node), "a file that cannot be opened now fails when it is used");
    }
    return pinned;
}

void FileTable::set_descriptor(FileNode& node, Descriptor descriptor) {
    const bool is_listed = node.descriptor_ != nullptr;
    node.descriptor_ = std::make_shared<Descriptor>(std::move(descriptor));
    if (is_listed) return touch(node);
    recent_.push_front(&node);
    node.recency_ = recent_.begin();
    if (recent_.size() > descriptors_max_) close_oldest();
}

void FileTable::touch(FileNode& node) {
    recent_.splice(recent_.begin(), recent_, node.recency_);
}

void FileTable::close_oldest() {
    for (auto at = recent_.rbegin(); at != recent_.rend(); ++at) {
        FileNode& node = **at;
        if (node.pins_ > 0 || &node == recent_.front()) continue;
        recent_.erase(node.recency_);
        node.descriptor_.reset();
        return;
    }
}

void FileTable::forget(FileNode& node) {
    if (node.descriptor_ != nullptr) recent_.erase(node.recency_);
    nodes_.erase(node.identity_);
}

}  // namespace glasslog::os
