#pragma once

// An image as the records of a snapshot, and back: what folds the records of a log into images,
// with or without a snapshot before them. Source: KIP-630; docs/metadata.md.

#include "core/base/bytes.hpp"
#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/metadata/image.hpp"
#include "core/metadata/records.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace glasslog::metadata {

// The records that make an empty image into this one, in the order of Kafka's snapshots: features,
// brokers, controllers, topics each with its partitions, configurations, quotas, producer ids,
// access control entries, SCRAM credentials, delegation tokens; each kind sorted by name. Without
// kraft.version, which is a control record of the snapshot, and without offset and epoch, which are
// its name.
std::vector<Record> image_records(const Image& image);

// The version in which a record stands in a log of this level of metadata.version.
protocol::Version version_at(const Record& record, std::int16_t level);

// The values of image_records, in the versions of the image's own metadata.version.
std::vector<Bytes> snapshot_values(const Image& image);

// What a snapshot says beside its records. end: everything below it is in the snapshot.
struct SnapshotPlace {
    Offset end;
    LeaderEpoch epoch;
    std::int16_t kraft_version = 0;
};

// The image of a snapshot's values. Refuses a value that is no metadata record.
Expected<Image, DecodeError> image_of_snapshot(std::span<const Bytes> values,
                                               const SnapshotPlace& place);

// Folds the batches of a log into images. What stands between the begin and the end of a
// transaction of records (KIP-868) counts when the end comes, and never after an abort.
class ImageFold {
public:
    // Goes on from `image`: an empty one, or that of a snapshot.
    explicit ImageFold(Image image) : image_(std::move(image)) {}

    // The records of one batch; the first stands at `base`.
    void apply(std::span<const Record> records, Offset base, LeaderEpoch epoch);

    // A control record at `offset` finalized this level of kraft.version.
    void apply_kraft_version(std::int16_t level, Offset offset, LeaderEpoch epoch);

    // Without what an open transaction has said so far; its offset is below that transaction.
    const Image& image() const { return image_; }

    bool is_in_transaction() const { return open_.has_value(); }

private:
    Image& target() { return open_ ? *open_ : image_; }

    Image image_;
    std::optional<Image> open_;  // with the open transaction's records
};

}  // namespace glasslog::metadata
