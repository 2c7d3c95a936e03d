#include "core/os/trace_files.hpp"

#include "core/os/io_error.hpp"

#include <algorithm>
#include <filesystem>

namespace glasslog::os {
namespace {

namespace fs = std::filesystem;

bool is_trace_name(const std::string& name) {
    if (name == "trace") return true;
    const bool has_number = name.starts_with("trace.") && name.size() > 6;
    return has_number && name.find_first_not_of("0123456789", 6) == std::string::npos;
}

// "trace.2" before "trace.10"; "trace", the newest, last.
std::size_t age_key(const std::string& path) {
    const std::string extension = fs::path(path).extension().string();
    return extension.empty() ? std::string::npos : std::stoul(extension.substr(1, 9));
}

std::vector<fs::path> entries(const fs::path& directory, std::error_code& error) {
    std::vector<fs::path> found;
    for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error))
        found.push_back(at->path());
    std::sort(found.begin(), found.end());
    return found;
}

void add_traces(const std::vector<fs::path>& from, std::vector<std::string>& to) {
    const auto begin = static_cast<std::ptrdiff_t>(to.size());
    std::error_code ignored;
    for (const fs::path& path : from) {
        if (is_trace_name(path.filename().string()) && fs::is_regular_file(path, ignored))
            to.push_back(path.string());
    }
    std::ranges::stable_sort(to.begin() + begin, to.end(), {}, age_key);
}

}  // namespace

bool is_directory(const std::string& path) {
    std::error_code ignored;
    return fs::is_directory(path, ignored);
}

Expected<std::vector<std::string>, IoError> trace_files(const std::string& directory) {
    std::error_code error;
    const std::vector<fs::path> top = entries(directory, error);
    if (error) return Unexpected{io_error(error.value(), directory, "list")};
    std::vector<std::string> found;
    add_traces(top, found);
    for (const fs::path& path : top) {
        if (!is_directory(path.string())) continue;
        const std::vector<fs::path> below = entries(path, error);
        if (!error) add_traces(below, found);  // one that may not be read has no traces
    }
    return found;
}

Expected<void, IoError> set_trace_aside(const std::string& path, std::int32_t life) {
    std::error_code error;
    fs::rename(path, path + "." + std::to_string(life), error);
    const bool is_done = !error || error == std::errc::no_such_file_or_directory;
    if (!is_done) return Unexpected{io_error(error.value(), path, "rename")};
    return {};
}

}  // namespace glasslog::os
