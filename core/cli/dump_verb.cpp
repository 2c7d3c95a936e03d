// glasslog dump: the files of a data directory in words.

#include "core/cli/session.hpp"
#include "core/cli/verbs.hpp"
#include "core/os/process.hpp"
#include "core/protocol/metadata_record.hpp"
#include "core/protocol/record_batch.hpp"
#include "core/storage/dump.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace glasslog::cli {
namespace {

namespace fs = std::filesystem;

struct DumpFlags {
    std::vector<std::string> paths;
    bool shows_records = false;
};

constexpr std::size_t file_bytes_max = std::size_t{4} << 30;
constexpr std::size_t batch_content_max = std::size_t{256} << 20;
constexpr std::string_view metadata_directory = "__cluster_metadata-0";

// The metadata records of one batch; control batches have none.
void describe_metadata_batch(const protocol::BatchView& batch) {
    if (batch.is_control()) return;
    const auto section = protocol::RecordSection::open(batch, batch_content_max);
    if (!section) {
        fmt::print("  offset: {} cannot be decompressed\n", batch.base_offset());
        return;
    }
    protocol::RecordIterator records = section->records();
    while (records.next()) {
        const Offset offset = batch.base_offset() + records.record().offset_delta;
        const ByteView value = records.record().value.value_or(ByteView{});
        const auto record = protocol::decode_metadata_record(Bytes::copy_of(value));
        if (record) {
            fmt::print("  offset: {} {} {} {}\n",
                       offset,
                       protocol::metadata_record_name(record->record),
                       record->version,
                       protocol::print_metadata_record(*record));
        } else {
            fmt::print("  offset: {} unreadable: {}\n", offset, record.error().text());
        }
    }
}

void describe_metadata(ByteView bytes) {
    while (auto batch = protocol::BatchView::read(bytes)) {
        describe_metadata_batch(*batch);
        bytes = bytes.subspan(batch->size());
    }
}

bool is_metadata_log(const fs::path& path) {
    std::error_code error;
    const fs::path directory = fs::absolute(path, error).parent_path();
    const std::string extension = path.extension().string();
    return (extension == ".log" || extension == ".checkpoint") &&
           directory.filename() == metadata_directory;
}

enum class Dumped : std::uint8_t { shown, damaged, not_ours, unreadable };

Dumped dump_file(const fs::path& path, const DumpFlags& flags) {
    const auto bytes = os::read_file(path.string(), file_bytes_max);
    if (!bytes) {
        fmt::print(stderr, "glasslog dump: {}\n", bytes.error().text());
        return Dumped::unreadable;
    }
    bool has_title = false;
    storage::LineSink print = [&](const std::string& line) {
        if (!std::exchange(has_title, true)) fmt::print("Dumping {}\n", path.string());
        fmt::print("{}\n", line);
    };
    const auto depth =
        flags.shows_records ? storage::DumpDepth::records : storage::DumpDepth::batches;
    const bool is_known =
        storage::describe_file(path.filename().string(), bytes->view(), depth, print);
    const bool is_metadata = is_metadata_log(path);
    if (is_metadata) describe_metadata(bytes->view());
    if (!is_known && !is_metadata) return Dumped::not_ours;
    if (!storage::is_damaged_file(path.filename().string(), bytes->view())) return Dumped::shown;
    std::fflush(stdout);
    fmt::print(stderr, "glasslog dump: {}: damaged\n", path.string());
    return Dumped::damaged;
}

bool is_bad(Dumped dumped) {
    return dumped == Dumped::unreadable || dumped == Dumped::damaged;
}

// Files first, then directories below, both by name. False when something could not be read or is
// damaged.
bool dump_directory(const fs::path& directory, const DumpFlags& flags) {
    std::error_code error;
    std::vector<fs::path> entries;
    for (const auto& entry : fs::directory_iterator(directory, error))
        entries.push_back(entry.path());
    if (error) {
        fmt::print(stderr, "glasslog dump: {}: {}\n", directory.string(), error.message());
        return false;
    }
    std::ranges::sort(entries);
    bool is_good = true;
    for (const fs::path& entry : entries) {
        // What is none of ours in a directory is passed over.
        const bool is_file = fs::is_regular_file(entry, error);
        if (is_file && is_bad(dump_file(entry, flags))) is_good = false;
    }
    for (const fs::path& entry : entries) {
        if (fs::is_directory(entry, error)) is_good = dump_directory(entry, flags) && is_good;
    }
    return is_good;
}

ExitCode run(const DumpFlags& flags) {
    bool is_good = true;
    for (const std::string& text : flags.paths) {
        const fs::path path = fs::path(text).lexically_normal();
        std::error_code error;
        if (fs::is_directory(path, error)) {
            is_good = dump_directory(path, flags) && is_good;
            continue;
        }
        if (!fs::exists(path, error)) {
            return complain(
                "dump",
                InputError{text, "no such file", "a file or directory of a broker", {}});
        }
        const Dumped dumped = dump_file(path, flags);
        is_good = is_good && !is_bad(dumped);
        if (dumped == Dumped::not_ours) {
            return complain("dump",
                            InputError{text,
                                       "no file of a broker's data directory",
                                       "a .log, .index, .timeindex, .snapshot or checkpoint file",
                                       {}});
        }
    }
    return is_good ? ExitCode::done : ExitCode::failed;
}

}  // namespace

void add_dump_verb(CLI::App& app, Action& action) {
    CLI::App* verb =
        app.add_subcommand("dump",
                           "Show segments, indexes, snapshots, checkpoints and metadata on disk");
    auto flags = std::make_shared<DumpFlags>();
    verb->add_option("path", flags->paths, "Files or directories; a directory with all below it")
        ->required();
    verb->add_flag("--records,--deep-iteration",
                   flags->shows_records,
                   "Also each record of each batch");
    verb->footer(
        "Exit codes: 0 all of it is whole, 1 something is damaged or unreadable, 2 no such file.\n"
        "Examples:\n"
        "  glasslog dump /tmp/glasslog/orders-0\n"
        "  glasslog dump --records /tmp/glasslog/orders-0/00000000000000000000.log\n"
        "  glasslog dump /tmp/glasslog/__cluster_metadata-0");
    verb->callback([flags, &action] { action = [flags] { return run(*flags); }; });
}

}  // namespace glasslog::cli
