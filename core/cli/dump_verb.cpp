// glasslog dump: the files of a data directory in words.

#include "core/cli/session.hpp"
#include "core/cli/verbs.hpp"
#include "core/metadata/bootstrap.hpp"
#include "core/os/process.hpp"
#include "core/protocol/codec.hpp"
#include "core/protocol/messages/control_records.hpp"
#include "core/protocol/metadata_record.hpp"
#include "core/protocol/record_batch.hpp"
#include "core/raft/snapshot_file.hpp"
#include "core/storage/dump.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
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

// Types of KRaft's control records, in the key behind its version.
struct ControlType {
    std::int16_t number;
    std::string (*print)(const Bytes& value);
};

// "SnapshotHeaderRecord {…}", or why it is none.
template <typename Message>
std::string print_control(const Bytes& value) {
    const protocol::Version version(Message::versions.first);
    const auto message = protocol::decode<Message>(value, version);
    return message ? fmt::format("{} {}", Message::message_name, protocol::print(*message, version))
                   : fmt::format("unreadable: {}", message.error().text());
}

constexpr std::array control_types{
    ControlType{2, print_control<protocol::LeaderChangeMessage>},
    ControlType{3, print_control<protocol::SnapshotHeaderRecord>},
    ControlType{4, print_control<protocol::SnapshotFooterRecord>},
    ControlType{5, print_control<protocol::KRaftVersionRecord>},
    ControlType{6, print_control<protocol::VotersRecord>},
};

std::string control_text(const protocol::RecordView& record) {
    if (!record.key || record.key->size() != 4) return "unreadable: no type";
    const auto number = load_be<std::int16_t>(record.key->data() + 2);
    const auto type = std::ranges::find(control_types, number, &ControlType::number);
    if (type == control_types.end()) return fmt::format("control record type {}", number);
    return type->print(Bytes::copy_of(record.value.value_or(ByteView{})));
}

// The metadata and control records of one batch.
void describe_metadata_batch(const protocol::BatchView& batch) {
    const auto section = protocol::RecordSection::open(batch, batch_content_max);
    if (!section) {
        fmt::print("  offset: {} cannot be decompressed\n", batch.base_offset());
        return;
    }
    protocol::RecordIterator records = section->records();
    while (records.next()) {
        const Offset offset = batch.base_offset() + records.record().offset_delta;
        if (batch.is_control()) {
            fmt::print("  offset: {} {}\n", offset, control_text(records.record()));
            continue;
        }
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
    return ((extension == ".log" || extension == ".checkpoint") &&
            directory.filename() == metadata_directory) ||
           path.filename() == metadata::bootstrap_file_name;
}

// What is wrong with a snapshot beyond its batches: order, header, footer. Empty for other files.
std::string snapshot_fault(const fs::path& path, const Bytes& bytes) {
    const std::string name = path.filename().string();
    const auto parsed = raft::parse_snapshot_file_name(name);
    if (!parsed && name != metadata::bootstrap_file_name) return {};
    const LeaderEpoch epoch = parsed ? parsed->id.epoch : raft::bootstrap_snapshot.epoch;
    const auto snapshot = raft::decode_snapshot(bytes, epoch, {.file_bytes_max = file_bytes_max});
    return snapshot ? std::string() : snapshot.error().text();
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
    const std::string fault = snapshot_fault(path, *bytes);
    if (!fault.empty()) fmt::print("{}\n", fault);
    const bool is_damaged =
        !fault.empty() || storage::is_damaged_file(path.filename().string(), bytes->view());
    if (!is_damaged) return Dumped::shown;
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
