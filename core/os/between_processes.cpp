// Named pipes and processes of others, of process.hpp.

#include "core/os/io_error.hpp"
#include "core/os/process.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace glasslog::os {

Expected<Descriptor, IoError> make_fifo(const std::string& path) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT)
        return Unexpected{io_error(errno, path, "remove")};
    if (::mkfifo(path.c_str(), 0600) != 0) return Unexpected{io_error(errno, path, "make")};
    // Also for writing, so that it does not end with the last writer.
    Descriptor fifo(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (!fifo) return Unexpected{io_error(errno, path, "open")};
    return fifo;
}

Expected<Bytes, IoError> read_now(int fd, std::size_t max) {
    std::vector<std::uint8_t> chunk(max);
    const ssize_t got = ::read(fd, chunk.data(), max);
    const bool is_failure = got < 0 && errno != EAGAIN && errno != EINTR;
    if (is_failure) return Unexpected{io_error(errno, fmt::format("fd {}", fd), "read")};
    chunk.resize(static_cast<std::size_t>(got < 0 ? 0 : got));
    return Bytes::from(std::move(chunk));
}

Expected<void, IoError> write_to_fifo(const std::string& path, std::string_view line) {
    const Descriptor fifo(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    if (!fifo) {
        IoError error = io_error(errno, path, "open");
        if (errno == ENXIO) error.code = IoCode::refused;
        return Unexpected{std::move(error)};
    }
    return write_all(fifo.get(), as_bytes(line));
}

// "PID (name) S 1 …": the name may hold anything, also blanks and parentheses.
std::optional<ProcessFacts> process_facts(int pid) {
    constexpr std::size_t start_field = 22;  // counted from 1; the state is field 3
    const auto text = read_file(fmt::format("/proc/{}/stat", pid), 4096);
    if (!text) return std::nullopt;
    std::string_view rest = as_text(text->view());
    const std::size_t name_end = rest.rfind(')');
    if (name_end == std::string_view::npos || name_end + 2 >= rest.size()) return std::nullopt;
    rest.remove_prefix(name_end + 2);
    ProcessFacts facts{.state = rest.front(), .start = 0};
    for (std::size_t field = 3; field < start_field; ++field)
        rest.remove_prefix(std::min(rest.find(' ') + 1, rest.size()));
    std::from_chars(rest.data(), rest.data() + rest.size(), facts.start);
    return facts;
}

Expected<ProcessHandle, IoError> ProcessHandle::open(int pid, std::uint64_t start) {
    const std::string subject = fmt::format("process {}", pid);
    Descriptor held(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!held) return Unexpected{io_error(errno, subject, "find")};
    // Only now: what is held cannot end and give its pid to another unseen.
    const auto facts = process_facts(pid);
    if (!facts || facts->state == 'Z' || facts->start != start)
        return Unexpected{io_error(ESRCH, subject, "find")};
    return ProcessHandle(pid, std::move(held));
}

Expected<void, IoError> ProcessHandle::signal(int number) const {
    if (::syscall(SYS_pidfd_send_signal, descriptor_.get(), number, nullptr, 0) == 0) return {};
    return Unexpected{io_error(errno, fmt::format("process {}", pid_), "send a signal to")};
}

bool ProcessHandle::wait_for_end(Duration limit) const {
    return wait_readable({descriptor_.get()}, limit).has_value();
}

}  // namespace glasslog::os
