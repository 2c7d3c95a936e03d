#pragma once

// What stands in a data directory before its node first starts: `format` writes it, the first
// leader of the empty metadata log begins with it. Sources: KIP-778, KIP-853, KIP-900;
// docs/storage.md.
//
//   meta.properties                    whose directory it is
//   bootstrap.checkpoint               the first records of the metadata log, as a snapshot
//   __cluster_metadata-0/              in the metadata directory of a controller whose quorum is
//     0…0-0…0.checkpoint               not configured: its first voters, as a snapshot

#include "core/base/bytes.hpp"
#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/metadata/records.hpp"
#include "core/metadata/releases.hpp"
#include "core/protocol/messages/control_records.hpp"
#include "core/runtime/disk.hpp"
#include "core/storage/checkpoints.hpp"
#include "core/storage/job.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace glasslog::metadata {

inline constexpr std::string_view bootstrap_file_name = "bootstrap.checkpoint";

// metadata.version first, the others by name.
std::vector<Record> level_records(const FeatureLevels& levels);

// now: milliseconds since 1970.
Bytes encode_bootstrap(std::span<const Record> records, std::int64_t now);
Expected<std::vector<Record>, DecodeError> decode_bootstrap(const Bytes& file);

// The records of `directory`/bootstrap.checkpoint; none when there is no such file. For whoever
// starts on an empty metadata log. The runner is free, and lives until `done` has run.
void bootstrap_records(storage::JobRunner& runner,
                       const std::string& directory,
                       runtime::IoDone<std::optional<std::vector<Record>>> done);

// What a directory is formatted with. voters: of a quorum that begins with kraft.version 1.
struct Formatting {
    storage::MetaProperties meta;
    std::vector<Record> records;
    std::optional<protocol::VotersRecord> voters;
    std::int64_t now = 0;  // milliseconds since 1970
};

// name: relative to the data directory.
struct FormattedFile {
    std::string name;
    Bytes content;
};

// In the order in which they are to be made durable: with meta.properties, the last, the directory
// is formatted.
std::vector<FormattedFile> formatted_files(const Formatting& formatting);

}  // namespace glasslog::metadata
