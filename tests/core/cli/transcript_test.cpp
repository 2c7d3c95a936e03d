// The `glasslog` command against transcripts: tests/transcripts/cli/*.txt hold command lines and
// what they print. GLASSLOG_UPDATE=1 writes them anew from what the command does now.
//
//   $ glasslog topic create
//   | what it prints, standard error too
//   exit 2

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <sys/wait.h>
#include <vector>

namespace glasslog::cli {
namespace {

namespace fs = std::filesystem;

const fs::path directory = fs::path(GLASSLOG_SOURCE_DIR) / "tests/transcripts/cli";

// What the shell gives for a command line, as a transcript writes it down.
std::string run(const std::string& line) {
    const std::string command =
        fmt::format("cd '{}' && glasslog() {{ '{}' \"$@\"; }}; {{ {}; }} 2>&1",
                    GLASSLOG_SOURCE_DIR,
                    GLASSLOG_PROGRAM,
                    line);
    std::FILE* const pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) return "| cannot start a shell\n";
    std::string output;
    std::array<char, 4096> chunk;
    for (std::size_t size = fread(chunk.data(), 1, chunk.size(), pipe); size > 0;
         size = fread(chunk.data(), 1, chunk.size(), pipe)) {
        output.append(chunk.data(), size);
    }
    const int status = pclose(pipe);
    std::string told;
    std::istringstream lines(output);
    for (std::string one; std::getline(lines, one);)
        told += one.empty() ? "|\n" : fmt::format("| {}\n", one);
    return told + fmt::format("exit {}\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

// The transcript as it would be written now: comments and commands stay, answers are new.
std::string replayed(const std::string& transcript) {
    std::string now;
    std::istringstream lines(transcript);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("|") || line.starts_with("exit ")) continue;
        now += line + "\n";
        if (line.starts_with("$ ")) now += run(line.substr(2));
    }
    return now;
}

std::string read(const fs::path& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::vector<std::string> transcripts() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory))
        names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

class TranscriptTest : public testing::TestWithParam<std::string> {};

TEST_P(TranscriptTest, IsWhatTheCommandDoes) {
    const fs::path path = directory / GetParam();
    const std::string written = read(path);

    const std::string now = replayed(written);

    if (std::getenv("GLASSLOG_UPDATE") != nullptr) {
        std::ofstream(path) << now;
        return;
    }
    EXPECT_EQ(now, written) << "GLASSLOG_UPDATE=1 writes " << GetParam() << " anew";
}

INSTANTIATE_TEST_SUITE_P(Cli,
                         TranscriptTest,
                         testing::ValuesIn(transcripts()),
                         [](const testing::TestParamInfo<std::string>& param_info) {
                             const std::string stem = fs::path(param_info.param).stem().string();
                             std::string name;
                             for (const char c : stem) {
                                 if (c != '-') name += c;
                             }
                             return name;
                         });

}  // namespace
}  // namespace glasslog::cli
