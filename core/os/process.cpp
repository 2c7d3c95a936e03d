#include "core/os/process.hpp"

#include "core/base/check.hpp"
#include "core/os/io_error.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace glasslog::os {

void Descriptor::close() {
    // Linux lets go of the descriptor whatever close() answers.
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

std::string ExitStatus::text() const {
    if (signal != 0)
        return fmt::format("killed by signal {} ({})", signal, ::strsignal(signal));  // NOLINT
    return fmt::format("exited with {}", code);
}

namespace {

ExitStatus status_of(int raw) {
    if (WIFSIGNALED(raw)) return {.code = -1, .signal = WTERMSIG(raw)};
    return {.code = WEXITSTATUS(raw), .signal = 0};
}

struct Pipe {
    Descriptor reading;
    Descriptor writing;
};

Expected<Pipe, IoError> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return Unexpected{io_error(errno, "pipe", "open")};
    return Pipe{.reading = Descriptor(ends[0]), .writing = Descriptor(ends[1])};
}

// A child begins with the defaults, whatever this process blocks for its own waiting thread.
void reset_signals() {
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
}

}  // namespace

Expected<ExitStatus, IoError> Child::wait() {
    if (ended_) return *ended_;
    int raw = 0;
    pid_t got = 0;
    do {
        got = ::waitpid(pid_, &raw, 0);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return Unexpected{io_error(errno, fmt::format("process {}", pid_), "wait for")};
    ended_ = status_of(raw);
    return *ended_;
}

Expected<std::optional<ExitStatus>, IoError> Child::poll() {
    if (ended_) return ended_;
    int raw = 0;
    const pid_t got = ::waitpid(pid_, &raw, WNOHANG);
    if (got < 0) return Unexpected{io_error(errno, fmt::format("process {}", pid_), "wait for")};
    if (got > 0) ended_ = status_of(raw);
    return ended_;
}

Expected<void, IoError> Child::signal(int number) const {
    CHECK(pid_ > 0);
    if (ended_)
        return Unexpected{io_error(ESRCH, fmt::format("process {}", pid_), "send a signal to")};
    if (::kill(pid_, number) == 0) return {};
    return Unexpected{io_error(errno, fmt::format("process {}", pid_), "send a signal to")};
}

namespace {

// What the child does between fork and exec: only calls that are safe there.
struct Prepared {
    std::vector<char*> arguments;
    int input = -1;
    int output = -1;
    int errors = -1;
    int failure = -1;  // where errno goes when exec fails
    bool dies_with_parent = false;
    bool has_own_group = false;
};

[[noreturn]] void become(const Prepared& prepared) {
    reset_signals();
    if (prepared.dies_with_parent) ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (prepared.has_own_group) ::setpgid(0, 0);
    if (prepared.input >= 0) ::dup2(prepared.input, STDIN_FILENO);
    if (prepared.output >= 0) ::dup2(prepared.output, STDOUT_FILENO);
    if (prepared.errors >= 0) ::dup2(prepared.errors, STDERR_FILENO);
    ::execvp(prepared.arguments[0], prepared.arguments.data());
    const int failure = errno;
    ignore(::write(prepared.failure, &failure, sizeof failure), "the exit code tells too");
    ::_exit(127);
}

Expected<Descriptor, IoError> open_output(const std::string& path) {
    const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;
    Descriptor file(::open(path.c_str(), flags, 0644));
    if (!file) return Unexpected{io_error(errno, path, "open")};
    return file;
}

}  // namespace

Expected<Spawned, IoError> spawn(const Command& command) {
    Pipe failure = TRY(make_pipe());
    Pipe input;
    Pipe output;
    Descriptor output_file;
    Descriptor no_input;
    Prepared prepared;
    if (command.has_pipes) {
        input = TRY(make_pipe());
        output = TRY(make_pipe());
        prepared.input = input.reading.get();
        prepared.output = output.writing.get();
    }
    if (!command.output_file.empty()) {
        output_file = TRY(open_output(command.output_file));
        if (!command.has_pipes) prepared.output = output_file.get();
        prepared.errors = output_file.get();
    }
    if (command.has_own_group && !command.has_pipes) {
        no_input = Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        if (!no_input) return Unexpected{io_error(errno, "/dev/null", "open")};
        prepared.input = no_input.get();
    }
    std::vector<std::string> words{command.program};
    words.insert(words.end(), command.arguments.begin(), command.arguments.end());
    for (std::string& word : words)
        prepared.arguments.push_back(word.data());
    prepared.arguments.push_back(nullptr);
    prepared.failure = failure.writing.get();
    prepared.dies_with_parent = command.dies_with_parent;
    prepared.has_own_group = command.has_own_group;

    const pid_t pid = ::fork();
    if (pid < 0) return Unexpected{io_error(errno, command.program, "start")};
    if (pid == 0) become(prepared);
    failure.writing.close();
    Spawned spawned{.child = Child(pid),
                    .input = std::move(input.writing),
                    .output = std::move(output.reading)};
    int exec_errno = 0;
    // The pipe closes by itself when exec succeeds.
    if (::read(failure.reading.get(), &exec_errno, sizeof exec_errno) == sizeof exec_errno) {
        ignore(spawned.child.wait(), "it has ended");
        return Unexpected{io_error(exec_errno, command.program, "start")};
    }
    return spawned;
}

Expected<Forked, IoError> fork_worker(UniqueFunction<int(int output)> work) {
    Pipe pipe = TRY(make_pipe());
    const pid_t pid = ::fork();
    if (pid < 0) return Unexpected{io_error(errno, "worker", "fork")};
    if (pid == 0) {
        reset_signals();
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        pipe.reading.close();
        ::_exit(work(pipe.writing.get()));
    }
    return Forked{.child = Child(pid), .output = std::move(pipe.reading)};
}

std::optional<std::size_t> wait_readable(const std::vector<int>& descriptors, Duration limit) {
    std::vector<pollfd> watched;
    for (const int fd : descriptors)
        watched.push_back({.fd = fd, .events = POLLIN, .revents = 0});
    const std::int64_t ms = std::clamp<std::int64_t>(limit.milliseconds(), 0, INT32_MAX);
    const int ready = ::poll(watched.data(), watched.size(), static_cast<int>(ms));
    if (ready <= 0) return std::nullopt;
    const auto found =
        std::ranges::find_if(watched, [](const pollfd& p) { return p.revents != 0; });
    return static_cast<std::size_t>(found - watched.begin());
}

}  // namespace glasslog::os
