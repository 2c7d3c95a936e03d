// snapshot_sample FOLDER: reads the golden snapshot of a Kafka cluster into an image, and writes
// that image as a snapshot of ours into FOLDER, for Kafka's own tools to read.

#include "core/metadata/image_records.hpp"
#include "core/os/process.hpp"
#include "core/raft/snapshot_file.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <vector>

namespace glasslog {
namespace {

int fail(const std::string& text) {
    fmt::print(stderr, "snapshot_sample: {}\n", text);
    return 1;
}

int write_sample(const std::string& folder) {
    constexpr raft::SnapshotId id{Offset(4692), LeaderEpoch(3)};
    const std::string name = raft::snapshot_file_name({id, raft::SnapshotFileKind::whole});
    const auto file = os::read_file(GLASSLOG_SOURCE_DIR "/tests/golden/metadata/" + name);
    if (!file) return fail(file.error().text());
    auto snapshot = raft::decode_snapshot(*file, id.epoch);
    if (!snapshot) return fail(snapshot.error().text());
    const auto image =
        metadata::image_of_snapshot(snapshot->records, {id.end, id.epoch, snapshot->kraft_version});
    if (!image) return fail(image.error().text());

    snapshot->records = metadata::snapshot_values(*image);
    // Small batches: a snapshot of ours has several.
    const raft::SnapshotWriting how{.epoch = id.epoch,
                                    .written_at = 1'795'221'723'404,
                                    .batch_bytes_max = 4'096};
    std::vector<std::uint8_t> bytes;
    for (const Bytes& batch : raft::encode_snapshot(*snapshot, how))
        bytes.insert(bytes.end(), batch.view().begin(), batch.view().end());
    const auto written = os::write_file(fmt::format("{}/{}", folder, name), bytes);
    if (!written) return fail(written.error().text());
    fmt::print("{}\n", name);
    return 0;
}

}  // namespace
}  // namespace glasslog

int main(int argc, char** argv) {
    if (argc != 2) return glasslog::fail("usage: snapshot_sample FOLDER");
    return glasslog::write_sample(argv[1]);
}
