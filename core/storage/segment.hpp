#pragma once

// One segment of a log: its file of batches, and what is known of it in memory. Names of files are
// in names.hpp; entries of the indexes follow Kafka's rule, so that its tools find no difference.

#include "core/base/bytes.hpp"
#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/log/batch_facts.hpp"
#include "core/runtime/disk.hpp"
#include "core/storage/offset_index.hpp"
#include "core/storage/retention.hpp"
#include "core/storage/time_index.hpp"

#include <memory>
#include <optional>

namespace glasslog::storage {

struct IndexLimits {
    std::uint32_t interval_bytes = 4096;       // index.interval.bytes
    std::uint32_t index_bytes_max = 10 << 20;  // segment.index.bytes
};

// The two indexes of the segment that grows, kept in memory whole; their files get the entries when
// `unwritten` is taken: at a roll, a close, or in passing.
class SegmentIndexes {
public:
    SegmentIndexes(Offset base, IndexLimits limits);

    // Continues indexes that were read from disk.
    SegmentIndexes(OffsetIndex offsets, TimeIndex times, IndexLimits limits);

    // `facts` begins at `position`. An entry is added when more than interval_bytes were appended
    // since the last one, not counting this batch: (last offset, position), and (largest timestamp
    // so far, the last offset of its batch) when that timestamp is new.
    void add(const log::BatchFacts& facts, std::uint64_t position);

    // The last entry of the time index, which a sealed segment must have.
    void seal();

    // True when an index has no room: the segment must be rolled.
    bool is_full() const;

    // An entry names an offset at or above `end`: the files do not belong to such a segment.
    bool reaches_beyond(Offset end) const;

    struct Unwritten {
        Bytes offset_entries;
        Bytes time_entries;
    };

    // Entries since the last call.
    Unwritten take_unwritten();

    const OffsetIndex& offsets() const { return offsets_; }

    const TimeIndex& times() const { return times_; }

    // The largest timestamp so far and the last offset of the first batch that had it.
    TimestampOffset largest() const { return largest_; }

    void set_largest(TimestampOffset largest) { largest_ = largest; }

private:
    OffsetIndex offsets_;
    TimeIndex times_;
    IndexLimits limits_;
    TimestampOffset largest_;
    std::uint64_t bytes_since_entry_ = 0;
    std::size_t offsets_written_ = 0;
    std::size_t times_written_ = 0;
};

struct SegmentIndexSnapshot {
    OffsetIndex offsets;
    TimeIndex times;
};

// What the log knows of one segment. `file` and `index` of a sealed one are opened at first use; a
// read in flight holds them, so they outlive closing and deletion.
struct Segment {
    Offset base{};
    Offset end{};  // of its last batch, exclusive; base when empty
    std::uint64_t size_bytes = 0;
    TimestampOffset largest{};                  // timestamp -1: its records have none
    std::optional<WallTime> first_timestamp{};  // of the first batch
    WallTime modified_at{};                     // of the file; for retention without timestamps
    std::shared_ptr<runtime::File> file{};
    std::shared_ptr<const SegmentIndexSnapshot> index{};

    SegmentSummary summary() const;
};

}  // namespace glasslog::storage
