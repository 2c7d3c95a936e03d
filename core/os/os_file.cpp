#include "core/os/os_file.hpp"

#include "core/base/check.hpp"
#include "core/os/io_error.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

namespace glasslog::os {

namespace {

constexpr std::size_t pieces_max = 64;  // of one pwritev

// A read, and how far it has come.
struct Reading {
    std::shared_ptr<Descriptor> descriptor;
    std::string path;
    std::shared_ptr<std::uint8_t[]> buffer;
    std::uint64_t position = 0;
    std::size_t wanted = 0;
    std::size_t got = 0;

    // Reads on, at most to `wanted`. flags: of preadv2. 0, also at the end of the file; or errno.
    int go_on(int flags);

    Bytes bytes() const { return Bytes::sharing(buffer, {buffer.get(), got}); }
};

int Reading::go_on(int flags) {
    while (got < wanted) {
        iovec piece{.iov_base = buffer.get() + got, .iov_len = wanted - got};
        const auto at = static_cast<off_t>(position + got);
        const ssize_t count = ::preadv2(descriptor->get(), &piece, 1, at, flags);
        if (count == 0) return 0;
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno;
        got += static_cast<std::size_t>(count);
    }
    return 0;
}

// Writes the payload at `position`; 0 or errno. A part may have been written.
int write_payload(int fd, const Payload& payload, std::uint64_t position) {
    std::size_t part = 0;
    std::size_t offset = 0;
    const std::vector<Bytes>& parts = payload.parts();
    while (part < parts.size()) {
        std::array<iovec, pieces_max> pieces;
        std::size_t count = 0;
        for (std::size_t i = part; i < parts.size() && count < pieces_max; ++i) {
            const ByteView rest = parts[i].view().subspan(i == part ? offset : 0);
            // iovec is not const; pwritev only reads.
            pieces[count++] = {.iov_base = const_cast<std::uint8_t*>(rest.data()),  // NOLINT
                               .iov_len = rest.size()};
        }
        const ssize_t written =
            ::pwritev(fd, pieces.data(), static_cast<int>(count), static_cast<off_t>(position));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return errno;
        position += static_cast<std::uint64_t>(written);
        offset += static_cast<std::size_t>(written);
        while (part < parts.size() && offset >= parts[part].size()) {
            offset -= parts[part].size();
            ++part;
        }
    }
    return 0;
}

}  // namespace

OsFile::OsFile(OsDisk& disk, std::shared_ptr<FileNode> node, std::string path, Access access)
    : disk_(disk), node_(std::move(node)), path_(std::move(path)), access_(access) {}

void OsFile::append(Payload payload, runtime::IoDone<void> done) {
    disk_.finish(waiting(std::move(done)), try_append(payload));
}

void OsFile::truncate(std::uint64_t size, runtime::IoDone<void> done) {
    disk_.finish(waiting(std::move(done)), try_truncate(size));
}

void OsFile::sync(runtime::IoDone<void> done) {
    disk_.sync(node_, waiting(std::move(done)));
}

void OsFile::read_at(std::uint64_t position, std::size_t max, runtime::IoDone<Bytes> done) {
    const std::uint64_t left = node_->size - std::min(position, node_->size);
    const std::size_t wanted = std::min(max, static_cast<std::size_t>(left));
    if (wanted == 0) return disk_.finish(waiting(std::move(done)), Bytes());
    auto descriptor = disk_.files().descriptor(*node_);
    if (!descriptor)
        return disk_.finish(waiting(std::move(done)), Unexpected{std::move(descriptor.error())});

    Reading reading{.descriptor = *std::move(descriptor),
                    .path = {},
                    .buffer = std::make_shared_for_overwrite<std::uint8_t[]>(wanted),
                    .position = position,
                    .wanted = wanted};
    if (reading.go_on(RWF_NOWAIT) == 0)
        return disk_.finish(waiting(std::move(done)), reading.bytes());
    reading.path = node_->path;
    // Not in memory, or a file system that cannot tell: a worker waits for the rest.
    disk_.run_job<Expected<Bytes, IoError>>(
        [reading = std::move(reading)]() mutable -> Expected<Bytes, IoError> {
            const int failure = reading.go_on(0);
            if (failure != 0) return Unexpected{io_error(failure, reading.path, "read")};
            return reading.bytes();
        },
        [waiting = waiting(std::move(done))](Expected<Bytes, IoError> result) mutable {
            if (!waiting.owner.expired()) waiting.done(std::move(result));
        });
}

std::optional<IoError> OsFile::refusal() const {
    if (access_ == Access::reading) return io_error(EBADF, node_->path, "change, opened to read");
    if (node_->is_poisoned) return poisoned_error(*node_);
    return std::nullopt;
}

std::optional<IoError> OsFile::try_append(const Payload& payload) {
    if (auto refused = refusal()) return refused;
    auto descriptor = disk_.files().descriptor(*node_);
    if (!descriptor) return std::move(descriptor.error());
    const int fd = (*descriptor)->get();
    const int failure = write_payload(fd, payload, node_->size);
    if (failure == 0) {
        node_->size += payload.size();
        return std::nullopt;
    }

    struct stat status {};

    if (::fstat(fd, &status) == 0) node_->size = static_cast<std::uint64_t>(status.st_size);
    return io_error(failure, node_->path, "append");
}

std::optional<IoError> OsFile::try_truncate(std::uint64_t size) {
    CHECK(size <= node_->size, "{}: {} above {}", node_->path, size, node_->size);
    if (auto refused = refusal()) return refused;
    auto descriptor = disk_.files().descriptor(*node_);
    if (!descriptor) return std::move(descriptor.error());
    if (::ftruncate((*descriptor)->get(), static_cast<off_t>(size)) != 0)
        return io_error(errno, node_->path, "truncate");
    node_->size = size;
    return std::nullopt;
}

}  // namespace glasslog::os
