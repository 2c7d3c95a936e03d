#include "core/cli/storage_info.hpp"

#include "core/cli/json.hpp"
#include "core/metadata/bootstrap.hpp"
#include "core/os/process.hpp"
#include "core/raft/quorum_state.hpp"
#include "core/raft/snapshot_file.hpp"
#include "core/storage/checkpoints.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace glasslog::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t snapshot_bytes_max = std::size_t{1} << 30;
constexpr std::string_view log_folder = "__cluster_metadata-0";

// What one directory holds; problems are collected apart.
struct Found {
    std::string path;
    bool exists = false;
    std::optional<storage::MetaProperties> meta;
    std::string version;  // of meta.properties
    std::optional<metadata::FeatureLevels> levels;
    std::vector<std::string> scram_users;
    std::optional<protocol::VotersRecord> voters;
    std::optional<raft::QuorumState> quorum;
    std::vector<std::string> snapshots;  // by name, of the log
};

struct Findings {
    std::vector<Found> directories;
    std::vector<std::string> problems;
};

// Empty: the file is not there, or cannot be read, which is a problem.
std::optional<Bytes> read_part(const std::string& path, Findings& findings) {
    if (!os::path_exists(path)) return std::nullopt;
    auto bytes = os::read_file(path, snapshot_bytes_max);
    if (bytes) return *std::move(bytes);
    findings.problems.push_back(bytes.error().text());
    return std::nullopt;
}

template <typename Decoded>
bool is_sound(const Decoded& decoded, const std::string& path, Findings& findings) {
    if (decoded) return true;
    findings.problems.push_back(fmt::format("{}: {}", path, decoded.error().text()));
    return false;
}

void find_meta(Found& found, Findings& findings) {
    const std::string path = found.path + "/meta.properties";
    const auto bytes = read_part(path, findings);
    if (!bytes) {
        findings.problems.push_back(found.path + " is not formatted.");
        return;
    }
    const auto meta = storage::decode_meta_properties(bytes->view());
    if (!is_sound(meta, path, findings)) return;
    found.meta = *meta;
    auto properties = broker::parse_properties(as_text(bytes->view()), path);
    if (properties) found.version = (*properties)["version"];
}

void find_bootstrap(Found& found, Findings& findings) {
    const std::string path = fmt::format("{}/{}", found.path, metadata::bootstrap_file_name);
    const auto bytes = read_part(path, findings);
    if (!bytes) return;
    const auto records = metadata::decode_bootstrap(*bytes);
    if (!is_sound(records, path, findings)) return;
    found.levels.emplace();
    for (const metadata::Record& record : *records) {
        if (const auto* level = std::get_if<protocol::FeatureLevelRecord>(&record)) {
            (*found.levels)[level->name] = level->feature_level;
        } else if (const auto* user = std::get_if<protocol::UserScramCredentialRecord>(&record)) {
            found.scram_users.push_back(user->name);
        }
    }
}

void find_snapshot(const std::string& name, Found& found, Findings& findings) {
    const auto parsed = raft::parse_snapshot_file_name(name);
    if (!parsed || parsed->kind != raft::SnapshotFileKind::whole) return;
    found.snapshots.push_back(name);
    const std::string path = fmt::format("{}/{}/{}", found.path, log_folder, name);
    const auto bytes = read_part(path, findings);
    if (!bytes) return;
    const auto snapshot = raft::decode_snapshot(*bytes, parsed->id.epoch);
    if (!is_sound(snapshot, path, findings)) return;
    if (snapshot->kraft_version > 0) found.voters = snapshot->voters;  // the newest is read last
}

void find_quorum(Found& found, Findings& findings) {
    const std::string folder = fmt::format("{}/{}", found.path, log_folder);
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error))
        names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    for (const std::string& name : names)
        find_snapshot(name, found, findings);
    const std::string path = fmt::format("{}/{}", folder, raft::quorum_state_file_name);
    const auto bytes = read_part(path, findings);
    if (!bytes) return;
    const auto state = raft::decode_quorum_state(as_text(bytes->view()));
    if (is_sound(state, path, findings)) found.quorum = *state;
}

Findings findings_of(const StorageConfig& config) {
    Findings findings;
    for (const std::string& directory : config.directories()) {
        Found found;
        found.path = directory;
        found.exists = os::path_exists(directory);
        if (!found.exists) {
            findings.problems.push_back(directory + " does not exist");
        } else {
            find_meta(found, findings);
            find_bootstrap(found, findings);
            find_quorum(found, findings);
        }
        findings.directories.push_back(std::move(found));
    }
    const storage::MetaProperties* first = nullptr;
    for (const Found& found : findings.directories) {
        if (!found.meta) continue;
        if (first == nullptr) first = &*found.meta;
        if (found.meta->cluster_id != first->cluster_id) {
            findings.problems.emplace_back("Mismatched cluster IDs between storage directories.");
        }
        if (found.meta->node_id != first->node_id) {
            findings.problems.emplace_back("Mismatched node IDs between storage directories.");
        } else if (found.meta->node_id != config.node) {
            findings.problems.push_back(
                fmt::format("{} belongs to node {}; the file has node.id {}",
                            found.path,
                            found.meta->node_id,
                            config.node));
        }
    }
    return findings;
}

std::string text_of(const protocol::VotersRecord& voters) {
    std::vector<std::string> texts;
    for (const auto& voter : voters.voters) {
        std::string address = "?";
        if (!voter.endpoints.empty()) {
            address = fmt::format("{}:{}", voter.endpoints[0].host, voter.endpoints[0].port);
        }
        texts.push_back(fmt::format("{}@{}:{}", voter.voter_id, address, voter.voter_directory_id));
    }
    return fmt::format("{}", fmt::join(texts, ","));
}

std::string text_of(const metadata::FeatureLevels& levels) {
    std::vector<std::string> texts;
    for (const auto& [name, level] : levels)
        texts.push_back(fmt::format("{}={}", name, level));
    return fmt::format("{}", fmt::join(texts, ", "));
}

void print_directory(const Found& found) {
    if (!found.meta) return;
    const storage::MetaProperties& meta = *found.meta;
    const std::string id =
        meta.directory_id.is_zero() ? "" : fmt::format("directory.id={}, ", meta.directory_id);
    fmt::print("Found metadata: {{cluster.id={}, {}{}={}, version={}}}\n",
               meta.cluster_id,
               id,
               found.version == "0" ? "broker.id" : "node.id",
               meta.node_id,
               found.version);
    if (found.levels) fmt::print("  begins with: {}\n", text_of(*found.levels));
    if (!found.scram_users.empty()) {
        fmt::print("  SCRAM users: {}\n", fmt::join(found.scram_users, ", "));
    }
    if (found.voters) fmt::print("  voters: {}\n", text_of(*found.voters));
    if (found.quorum) {
        fmt::print("  quorum: epoch {}, leader {}, voted for {}\n",
                   found.quorum->epoch,
                   found.quorum->leader,
                   found.quorum->voted.id);
    }
    for (const std::string& name : found.snapshots)
        fmt::print("  snapshot: {}\n", name);
    fmt::print("\n");
}

void print_text(const Findings& findings) {
    std::vector<std::string> existing;
    for (const Found& found : findings.directories) {
        if (found.exists) existing.push_back(found.path);
    }
    if (!existing.empty()) {
        fmt::print("Found log director{}:\n  {}\n\n",
                   existing.size() == 1 ? "y" : "ies",
                   fmt::join(existing, "\n  "));
    }
    for (const Found& found : findings.directories)
        print_directory(found);
    if (findings.problems.empty()) return;
    fmt::print("Found problem{}:\n  {}\n\n",
               findings.problems.size() == 1 ? "" : "s",
               fmt::join(findings.problems, "\n  "));
}

Json json_of(const Found& found) {
    Json json;
    json["path"] = found.path;
    json["exists"] = found.exists;
    if (found.meta) {
        json["cluster_id"] = found.meta->cluster_id;
        json["node_id"] = found.meta->node_id.value();
        json["directory_id"] = found.meta->directory_id.text();
        json["version"] = found.version;
    }
    if (found.levels) json["levels"] = *found.levels;
    if (!found.scram_users.empty()) json["scram_users"] = found.scram_users;
    if (found.voters) json["voters"] = text_of(*found.voters);
    if (found.quorum) {
        json["quorum"] = {{"epoch", found.quorum->epoch.value()},
                          {"leader", found.quorum->leader.value()},
                          {"voted", found.quorum->voted.id.value()}};
    }
    json["snapshots"] = found.snapshots;
    return json;
}

}  // namespace

ExitCode print_storage(const StorageConfig& config, StorageForm form) {
    const Findings findings = findings_of(config);
    if (form == StorageForm::json) {
        Json json;
        json["directories"] = Json::array();
        for (const Found& found : findings.directories)
            json["directories"].push_back(json_of(found));
        json["problems"] = findings.problems;
        fmt::print("{}\n", to_text(json));
    } else {
        print_text(findings);
    }
    return findings.problems.empty() ? ExitCode::done : ExitCode::failed;
}

}  // namespace glasslog::cli
