#pragma once

// One open file of a reactor.

#include "core/os/os_disk.hpp"

namespace glasslog::os {

class OsFile final : public runtime::File {
public:
    OsFile(OsDisk& disk, std::shared_ptr<FileNode> node, std::string path, Access access);

    void append(Payload payload, runtime::IoDone<void> done) override;
    void read_at(std::uint64_t position, std::size_t max, runtime::IoDone<Bytes> done) override;
    void sync(runtime::IoDone<void> done) override;
    void truncate(std::uint64_t size, runtime::IoDone<void> done) override;

    std::uint64_t size() const override { return node_->size; }

    const std::string& path() const override { return path_; }

private:
    template <typename T>
    Waiting<T> waiting(runtime::IoDone<T> done) const {
        return {.owner = alive_, .done = std::move(done), .cause = disk_.executor().cause()};
    }

    std::optional<IoError> try_append(const Payload& payload);
    std::optional<IoError> try_truncate(std::uint64_t size);
    std::optional<IoError> refusal() const;

    OsDisk& disk_;
    std::shared_ptr<FileNode> node_;
    std::string path_;
    Access access_;
    std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace glasslog::os
