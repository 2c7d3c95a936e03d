// The files of process.hpp.

#include "core/os/directory_work.hpp"
#include "core/os/io_error.hpp"
#include "core/os/process.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace glasslog::os {

namespace fs = std::filesystem;

Expected<Bytes, IoError> read_file(const std::string& path, std::size_t bytes_max) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return Unexpected{io_error(errno, path, "open")};
    std::vector<std::uint8_t> content;
    while (true) {
        constexpr std::size_t step = 256 * 1024;
        const std::size_t begin = content.size();
        content.resize(begin + step);
        const ssize_t got = ::read(file.get(), content.data() + begin, step);
        if (got < 0 && errno != EINTR) return Unexpected{io_error(errno, path, "read")};
        content.resize(begin + static_cast<std::size_t>(got < 0 ? 0 : got));
        if (got == 0) return Bytes::from(std::move(content));
        if (content.size() <= bytes_max) continue;
        return Unexpected{IoError{.code = IoCode::full,
                                  .subject = path,
                                  .detail = fmt::format("longer than {} bytes", bytes_max)}};
    }
}

Expected<void, IoError> write_file(const std::string& path, ByteView bytes) {
    const Descriptor file = TRY(create_file(path));
    Expected<void, IoError> written = write_all(file.get(), bytes);
    if (!written) written.error().subject = path;
    return written;
}

Expected<void, IoError> replace_file(const std::string& path, ByteView bytes) {
    const std::string fresh = path + ".tmp";
    const Descriptor file = TRY(create_file(fresh));
    if (auto written = write_all(file.get(), bytes); !written) {
        written.error().subject = fresh;
        return written;
    }
    if (::fsync(file.get()) != 0) return Unexpected{io_error(errno, fresh, "sync")};
    if (::rename(fresh.c_str(), path.c_str()) != 0)
        return Unexpected{io_error(errno, path, "replace")};
    const std::string folder =
        fs::path(path).has_parent_path() ? fs::path(path).parent_path().string() : std::string(".");
    return sync_directory_at(folder);
}

Expected<Bytes, IoError> read_tail(const std::string& path, std::size_t bytes_max) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return Unexpected{io_error(errno, path, "open")};

    struct stat facts {};

    if (::fstat(file.get(), &facts) != 0) return Unexpected{io_error(errno, path, "read")};
    const off_t begin = std::max<off_t>(facts.st_size - static_cast<off_t>(bytes_max), 0);
    std::vector<std::uint8_t> content(bytes_max);
    const ssize_t got = ::pread(file.get(), content.data(), content.size(), begin);
    if (got < 0) return Unexpected{io_error(errno, path, "read")};
    content.resize(static_cast<std::size_t>(got));
    return Bytes::from(std::move(content));
}

Expected<void, IoError> make_directories(const std::string& path) {
    std::error_code error;
    fs::create_directories(path, error);
    std::error_code unknown;
    if (fs::is_directory(path, unknown)) return {};
    // Something else has the name.
    const int reason = fs::exists(path, unknown) ? EEXIST : error.value();
    return Unexpected{io_error(reason, path, "make the directory")};
}

Expected<void, IoError> remove_tree(const std::string& path) {
    std::error_code error;
    fs::remove_all(path, error);
    if (error) return Unexpected{io_error(error.value(), path, "remove")};
    return {};
}

Expected<std::string, IoError> make_temporary_directory(const std::string& prefix) {
    std::error_code error;
    const fs::path base = fs::temp_directory_path(error);
    if (error) return Unexpected{io_error(error.value(), "TMPDIR", "use")};
    std::string path = (base / (prefix + "-XXXXXX")).string();
    if (::mkdtemp(path.data()) == nullptr)
        return Unexpected{io_error(errno, path, "make the directory")};
    return path;
}

bool path_exists(const std::string& path) {
    return ::access(path.c_str(), F_OK) == 0;
}

std::string executable_path() {
    std::error_code error;
    return fs::read_symlink("/proc/self/exe", error).string();
}

std::string environment(const std::string& name) {
    const char* value = std::getenv(name.c_str());  // NOLINT: nobody changes it
    return value == nullptr ? "" : value;
}

Expected<Descriptor, IoError> create_file(const std::string& path) {
    Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!file) return Unexpected{io_error(errno, path, "create")};
    return file;
}

Expected<void, IoError> write_all(int fd, ByteView bytes) {
    // A vanished reader of a pipe is an error here, not the end of the process.
    struct sigaction ignoring {};

    struct sigaction before {};

    ignoring.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &ignoring, &before);
    int failure = 0;
    while (!bytes.empty() && failure == 0) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written >= 0) bytes = bytes.subspan(static_cast<std::size_t>(written));
        if (written < 0 && errno != EINTR) failure = errno;
    }
    ::sigaction(SIGPIPE, &before, nullptr);
    if (failure != 0) return Unexpected{io_error(failure, fmt::format("fd {}", fd), "write")};
    return {};
}

Expected<Bytes, IoError> read_some(int fd, std::size_t max) {
    std::vector<std::uint8_t> chunk(max);
    ssize_t got = 0;
    do {
        got = ::read(fd, chunk.data(), max);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return Unexpected{io_error(errno, fmt::format("fd {}", fd), "read")};
    chunk.resize(static_cast<std::size_t>(got));
    return Bytes::from(std::move(chunk));
}

}  // namespace glasslog::os
