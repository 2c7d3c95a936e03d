#pragma once

// Processes, and files outside a Runtime: what the command line, the explorer's workers and the
// trace's sinks need. Everything here blocks; nothing here may be called on a reactor that serves.

#include "core/base/bytes.hpp"
#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/base/time.hpp"
#include "core/base/unique_function.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace glasslog::os {

// Owns a file descriptor; -1: none.
class Descriptor {
public:
    Descriptor() = default;

    explicit Descriptor(int fd) : fd_(fd) {}

    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }

    ~Descriptor() { close(); }

    void close();

    // Gives it up, open.
    int release() { return std::exchange(fd_, -1); }

    int get() const { return fd_; }

    explicit operator bool() const { return fd_ >= 0; }

private:
    int fd_ = -1;
};

// --- files

// The whole file; IoCode::full when it has more than `bytes_max`.
Expected<Bytes, IoError> read_file(const std::string& path, std::size_t bytes_max = 1u << 30);

// Replaces the file, or creates it; not atomic, not synced.
Expected<void, IoError> write_file(const std::string& path, ByteView bytes);

// Replaces the file, or creates it: whoever reads sees the old content or the new one, also after a
// power loss. Durable when it returns.
Expected<void, IoError> replace_file(const std::string& path, ByteView bytes);

// At most `bytes_max` bytes from the end of the file.
Expected<Bytes, IoError> read_tail(const std::string& path, std::size_t bytes_max);

// With missing parents.
Expected<void, IoError> make_directories(const std::string& path);

// The directory and all in it; a missing one is no error.
Expected<void, IoError> remove_tree(const std::string& path);

// A new empty directory of our own below the system's place for temporary files.
Expected<std::string, IoError> make_temporary_directory(const std::string& prefix);

bool path_exists(const std::string& path);

// Of this program, for starting itself again.
std::string executable_path();

// The value of an environment variable; empty when it is not set.
std::string environment(const std::string& name);

// --- blocks of bytes to a file or a pipe, and from one

// Creates or empties the file at `path`.
Expected<Descriptor, IoError> create_file(const std::string& path);

// All of it. IoCode::reset when the reader of a pipe is gone (SIGPIPE is ignored for the call).
Expected<void, IoError> write_all(int fd, ByteView bytes);

// Up to `max` bytes as soon as there are any; empty at the end. Restarts when interrupted.
Expected<Bytes, IoError> read_some(int fd, std::size_t max);

// --- between processes

// A named pipe for many writers; made anew. Reading gives nothing while there is nothing, and never
// ends.
Expected<Descriptor, IoError> make_fifo(const std::string& path);

// Up to `max` bytes that are there now; empty when there are none.
Expected<Bytes, IoError> read_now(int fd, std::size_t max);

// One line, up to 4096 bytes, whole or not at all. refused: nobody reads there.
Expected<void, IoError> write_to_fifo(const std::string& path, std::string_view line);

// What /proc tells of a process. A pid is used again later; a pid with its start is not.
struct ProcessFacts {
    char state = '?';  // R running, S sleeping, D waiting for a disk, T stopped, Z ended, …
    std::uint64_t start = 0;  // clock ticks since the machine's start
};

// Empty when there is no such process.
std::optional<ProcessFacts> process_facts(int pid);

// A process that need not be a child, held so that its pid cannot become another's meanwhile.
class ProcessHandle {
public:
    // not_found: no such process, or the pid is another's by now.
    static Expected<ProcessHandle, IoError> open(int pid, std::uint64_t start);

    Expected<void, IoError> signal(int number) const;

    // Waits until it has ended, at most so long; false: it still runs.
    bool wait_for_end(Duration limit) const;

private:
    ProcessHandle(int pid, Descriptor descriptor) : pid_(pid), descriptor_(std::move(descriptor)) {}

    int pid_ = -1;
    Descriptor descriptor_;
};

// --- children

// How a child ended: by itself with `code`, or by `signal` (then code is -1).
struct ExitStatus {
    int code = 0;
    int signal = 0;

    bool is_success() const { return code == 0 && signal == 0; }

    std::string text() const;  // "exited with 3", "killed by signal 9 (Killed)"
};

// A child process. Destruction neither ends nor awaits it.
class Child {
public:
    Child() = default;

    explicit Child(int pid) : pid_(pid) {}

    int pid() const { return pid_; }

    // Blocks until it has ended.
    Expected<ExitStatus, IoError> wait();

    // Empty while it runs.
    Expected<std::optional<ExitStatus>, IoError> poll();

    // Sends a signal (SIGTERM, SIGKILL, SIGSTOP, …); not_found when it has ended.
    Expected<void, IoError> signal(int number) const;

private:
    int pid_ = -1;
    std::optional<ExitStatus> ended_;
};

struct Command {
    std::string program;                 // a path, or a name to be found in PATH
    std::vector<std::string> arguments;  // without the program
    std::string output_file;  // standard output and error go there, appended; empty: ours
    bool has_pipes = false;   // standard input and output are pipes, see Spawned
    bool dies_with_parent = true;
    // Ctrl-C in our terminal is for us alone; standard input is empty.
    bool has_own_group = false;
};

struct Spawned {
    Child child;
    Descriptor input;   // write here, with has_pipes
    Descriptor output;  // read here, with has_pipes
};

// not_found when there is no such program.
Expected<Spawned, IoError> spawn(const Command& command);

struct Forked {
    Child child;
    Descriptor output;  // what the child writes; at its end when the child has ended
};

// Runs `work` in a copy of this process and ends it with the value that it returns, without the
// destructors of what it inherited. `work` gets the writing end. Only while this process has one
// thread.
Expected<Forked, IoError> fork_worker(UniqueFunction<int(int output)> work);

// Waits until one of the descriptors can be read or has ended; its index. Empty after `limit`.
std::optional<std::size_t> wait_readable(const std::vector<int>& descriptors, Duration limit);

}  // namespace glasslog::os
