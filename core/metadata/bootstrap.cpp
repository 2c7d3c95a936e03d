#include "core/metadata/bootstrap.hpp"

#include "core/metadata/features.hpp"
#include "core/metadata/image.hpp"
#include "core/protocol/metadata_record.hpp"
#include "core/raft/snapshot_file.hpp"
#include "core/storage/atomic_file.hpp"
#include "core/storage/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace glasslog::metadata {

namespace {

constexpr std::size_t bootstrap_bytes_max = 16U << 20;
constexpr std::int16_t kraft_version_of_voters = 1;

Bytes joined(const std::vector<Bytes>& batches) {
    std::vector<std::uint8_t> all;
    for (const Bytes& batch : batches)
        all.insert(all.end(), batch.view().begin(), batch.view().end());
    return Bytes::from(std::move(all));
}

}  // namespace

std::vector<Record> level_records(const FeatureLevels& levels) {
    std::vector<Record> records;
    for (const auto& [name, level] : levels)
        records.emplace_back(protocol::FeatureLevelRecord{name, level});
    std::ranges::stable_partition(records, [](const Record& record) {
        return std::get<protocol::FeatureLevelRecord>(record).name == metadata_version;
    });
    return records;
}

Bytes encode_bootstrap(std::span<const Record> records, std::int64_t now) {
    raft::Snapshot snapshot;
    for (const Record& record : records)
        snapshot.records.push_back(encode_record(record));
    return joined(raft::encode_snapshot(snapshot, {.written_at = now}));
}

Expected<std::vector<Record>, DecodeError> decode_bootstrap(const Bytes& file) {
    const raft::Snapshot snapshot =
        TRY(raft::decode_snapshot(file, raft::bootstrap_snapshot.epoch));
    std::vector<Record> records;
    for (const Bytes& value : snapshot.records)
        records.push_back(TRY(protocol::decode_metadata_record(value)).record);
    return records;
}

void bootstrap_records(storage::JobRunner& runner,
                       const std::string& directory,
                       runtime::IoDone<std::optional<std::vector<Record>>> done) {
    const std::string path = fmt::format("{}/{}", directory, bootstrap_file_name);
    auto content = std::make_shared<std::vector<std::uint8_t>>();
    runner.run(storage::read_whole({path, bootstrap_bytes_max}, content),
               [path, content, done = std::move(done)](Expected<void, IoError> read) mutable {
                   using Found = std::optional<std::vector<Record>>;
                   if (!read && read.error().code == IoCode::not_found) return done(Found());
                   if (!read) return done(Unexpected{std::move(read).error()});
                   auto records = decode_bootstrap(Bytes::from(std::move(*content)));
                   if (records) return done(Found(*std::move(records)));
                   done(Unexpected{IoError{.subject = path, .detail = records.error().text()}});
               });
}

std::vector<FormattedFile> formatted_files(const Formatting& formatting) {
    std::vector<FormattedFile> files;
    if (formatting.voters) {
        const raft::Snapshot snapshot{.last_contained_time = formatting.now,
                                      .kraft_version = kraft_version_of_voters,
                                      .voters = *formatting.voters,
                                      .records = {}};
        const std::string folder =
            storage::partition_directory_name({std::string(metadata_topic), PartitionIndex(0)});
        files.push_back(
            {fmt::format("{}/{}", folder, raft::snapshot_file_name({raft::bootstrap_snapshot, {}})),
             joined(raft::encode_snapshot(snapshot, {.written_at = formatting.now}))});
    }
    files.push_back(
        {std::string(bootstrap_file_name), encode_bootstrap(formatting.records, formatting.now)});
    const std::string meta = storage::encode_meta_properties(formatting.meta);
    files.push_back({"meta.properties", Bytes::copy_of(as_bytes(meta))});
    return files;
}

}  // namespace glasslog::metadata
