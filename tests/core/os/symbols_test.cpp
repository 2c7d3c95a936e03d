// No archive of core and sim, but os and cli, may ask an operating system for the time, chance, a
// file, a socket, a thread or its environment: nm sees what no reviewer overlooks.

#include "core/os/process.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace glasslog::os {
namespace {

// C functions, by what they would bring in.
constexpr std::string_view banned_functions =
    // clocks and calendars of the machine
    "clock clock_getres clock_gettime clock_nanosleep ftime gettimeofday localtime "
    "localtime_r mktime nanosleep sleep strftime time timer_create timerfd_create "
    "timespec_get tzset usleep "
    // sockets
    "accept accept4 bind connect getaddrinfo gethostbyname gethostname getifaddrs listen "
    "recv recvfrom recvmsg send sendmsg sendto setsockopt shutdown socket socketpair "
    // files and directories
    "access chdir close creat fallocate fcntl fdatasync fdopen fgets flock fopen fopen64 "
    "fread fstat fstatat fsync ftruncate fwrite getcwd getline ioctl link lseek lstat mkdir "
    "mkdtemp mkstemp mmap mmap64 open open64 openat opendir pipe pipe2 pread pread64 preadv "
    "preadv2 pwrite pwrite64 pwritev read readdir readv remove rename rmdir scandir sendfile "
    "stat statvfs symlink tmpfile truncate unlink write writev "
    // threads and waiting
    "epoll_create epoll_create1 epoll_ctl epoll_wait eventfd futex poll ppoll pselect "
    "pthread_cond_signal pthread_cond_wait pthread_create pthread_join pthread_mutex_lock "
    "pthread_rwlock_rdlock pthread_self sched_yield select thrd_create "
    // processes and signals
    "execl execv execve execvp fork getpid kill popen posix_spawn prctl raise sigaction "
    "signal system vfork wait waitpid "
    // entropy
    "arc4random drand48 getentropy getrandom rand rand_r random srand "
    // surroundings
    "getenv getrlimit secure_getenv setenv setlocale syscall sysconf uname ";

std::set<std::string, std::less<>> words_of(std::string_view text) {
    std::set<std::string, std::less<>> words;
    std::istringstream stream{std::string(text)};
    for (std::string word; stream >> word;)
        words.insert(word);
    return words;
}

// Beginnings of C++ names.
const std::vector<std::string>& banned_beginnings() {
    static const std::vector<std::string> list{
        "std::chrono::_V2::",
        "std::random_device::",
        "std::thread::",
        "std::condition_variable",
        "std::this_thread::",
        "std::__basic_file<",
        "std::basic_filebuf<",
        "std::basic_fstream<",
        "std::basic_ifstream<",
        "std::basic_ofstream<",
        "std::filesystem::",
        "std::locale::global",
        "std::cin",
        "std::cout",
        "std::cerr",
        "boost::asio::",
    };
    return list;
}

bool is_banned(const std::string& symbol) {
    static const auto functions = words_of(banned_functions);
    if (functions.contains(symbol)) return true;
    return std::ranges::any_of(banned_beginnings(), [&](const std::string& beginning) {
        return symbol.starts_with(beginning);
    });
}

// The symbols that the archive needs from elsewhere, demangled, without versions.
std::set<std::string> undefined_symbols(const std::string& archive) {
    auto nm = spawn({.program = "nm", .arguments = {"-C", "-u", archive}, .has_pipes = true});
    EXPECT_TRUE(nm.has_value()) << "needs nm, of binutils";
    if (!nm) return {};
    std::string output;
    while (true) {
        const auto chunk = read_some(nm->output.get(), 64 * 1024);
        if (!chunk || chunk->empty()) break;
        output += as_text(chunk->view());
    }
    EXPECT_TRUE(nm->child.wait()->is_success()) << archive;
    std::set<std::string> symbols;
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line);) {
        const std::size_t at = line.find(" U ");
        if (at == std::string::npos) continue;
        const std::string symbol = line.substr(at + 3);
        const bool is_c = symbol.find("::") == std::string::npos;
        symbols.insert(is_c ? symbol.substr(0, symbol.find('@')) : symbol);
    }
    return symbols;
}

std::vector<std::string> findings_in(const std::string& archive) {
    std::vector<std::string> findings;
    for (const std::string& symbol : undefined_symbols(archive)) {
        if (is_banned(symbol)) findings.push_back(fmt::format("{}: {}", archive, symbol));
    }
    return findings;
}

std::vector<std::string> archives() {
    std::vector<std::string> list;
    std::istringstream words(GLASSLOG_ARCHIVES);
    for (std::string word; std::getline(words, word, ',');)
        list.push_back(word);
    return list;
}

TEST(SymbolsTest, CoreAndSimAskNoOperatingSystem) {
    ASSERT_FALSE(archives().empty());
    for (const std::string& archive : archives()) {
        SCOPED_TRACE(archive);
        EXPECT_FALSE(undefined_symbols(archive).empty());
        EXPECT_EQ(findings_in(archive), std::vector<std::string>());
    }
}

// The detector works: the one room that may ask the system is full of findings.
TEST(SymbolsTest, TheDetectorSeesWhatOsUses) {
    std::set<std::string> seen;
    for (const std::string& finding : findings_in(GLASSLOG_OS_ARCHIVE))
        seen.insert(finding.substr(finding.rfind(": ") + 2));

    for (const char* expected : {"clock_gettime", "sendmsg", "open", "getrandom", "fork", "getenv"})
        EXPECT_TRUE(seen.contains(expected)) << expected;
    EXPECT_TRUE(std::ranges::any_of(seen, [](const std::string& symbol) {
        return symbol.find("_clock::now") != std::string::npos || symbol == "clock_gettime";
    }));
}

}  // namespace
}  // namespace glasslog::os
