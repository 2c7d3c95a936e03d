#pragma once

// A snapshot of the metadata log: what its records up to an end offset come to, as record batches
// in one file. As values and as Kafka's bytes; no I/O, and no idea of what the records mean.
//
//   batch    offset  record                  kind
//   first    0       SNAPSHOT_HEADER  (3)    control
//            1, 2    KRAFT_VERSION (5), KRAFT_VOTERS (6): when kraft.version >= 1
//   more     …       metadata records        data; none at all in that of offset 0
//   last     last    SNAPSHOT_FOOTER  (4)    control
//
// Offsets count from 0 and are none of the log's; the leader epoch of every batch is that of the
// snapshot's name. Sources: KIP-630, KIP-853; docs/metadata.md.

#include "core/base/bytes.hpp"
#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/base/ids.hpp"
#include "core/protocol/messages/control_records.hpp"
#include "core/raft/types.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace glasslog::raft {

// Written by `format`: the first voters, before there is a log. Never sent to another node.
inline constexpr SnapshotId bootstrap_snapshot{};

// whole: ".checkpoint"; partial: ".checkpoint.part", still being written or fetched; deleted:
// ".checkpoint.deleted", on its way out.
enum class SnapshotFileKind : std::uint8_t { whole, partial, deleted };

struct SnapshotFileName {
    SnapshotId id;
    SnapshotFileKind kind = SnapshotFileKind::whole;

    friend bool operator==(const SnapshotFileName&, const SnapshotFileName&) = default;
};

// "00000000000000004692-0000000003.checkpoint".
std::string snapshot_file_name(const SnapshotFileName& name);

// Empty for every other name.
std::optional<SnapshotFileName> parse_snapshot_file_name(std::string_view name);

struct Snapshot {
    std::int64_t last_contained_time = 0;  // of the newest batch inside, milliseconds since 1970
    std::int16_t kraft_version = 0;        // 0: voters are configured, and not in here
    protocol::VotersRecord voters;         // written when kraft_version >= 1
    std::vector<Bytes> records;            // values of log records, in order

    friend bool operator==(const Snapshot&, const Snapshot&) = default;
};

// What the file's batches hold in common.
struct SnapshotWriting {
    LeaderEpoch epoch{0};                    // of the snapshot's id
    std::int64_t written_at = 0;             // milliseconds since 1970
    std::size_t batch_bytes_max = 8U << 20;  // a larger record stands alone
};

// The batches of the file, in order.
std::vector<Bytes> encode_snapshot(const Snapshot& snapshot, const SnapshotWriting& how);

// What a reader takes: the file, and each batch unpacked.
struct SnapshotLimits {
    std::size_t file_bytes_max = std::size_t{1} << 30;
    std::size_t batch_content_max = 64U << 20;
};

// The whole file. Refuses, with the position in it: bytes that are no batch, a wrong CRC, offsets
// with gaps, another leader epoch, records out of the order above, a missing header or footer,
// bytes behind the footer, a record without a value, more than the limits.
Expected<Snapshot, DecodeError> decode_snapshot(const Bytes& file,
                                                LeaderEpoch epoch,
                                                const SnapshotLimits& limits = {});

}  // namespace glasslog::raft
