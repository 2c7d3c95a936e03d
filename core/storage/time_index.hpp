#pragma once

// TimeIndex: a sparse map from the largest timestamp so far to the offset that had it. File
// `<base>.timeindex`: entries of 12 bytes, timestamp i64, relative offset i32, both not decreasing.
// (t, o) says: every record before the batch that ends at o has a timestamp <= t.

#include "core/base/bytes.hpp"
#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/base/ids.hpp"
#include "core/base/time.hpp"
#include "core/storage/offset_index.hpp"

#include <optional>
#include <span>
#include <vector>

namespace glasslog::storage {

struct TimestampOffset {
    WallTime timestamp;
    Offset offset = no_offset;

    friend auto operator<=>(const TimestampOffset&, const TimestampOffset&) = default;
};

inline constexpr std::size_t time_index_entry_bytes = 12;

class TimeIndex {
public:
    explicit TimeIndex(Offset base) : base_(base) {}

    // Appends when the timestamp is above the last entry's; otherwise it says nothing new.
    void maybe_append(TimestampOffset entry);

    // The last entry whose timestamp is <= `timestamp`; (-1, base) before the first.
    TimestampOffset lookup(WallTime timestamp) const;

    std::span<const TimestampOffset> entries() const { return entries_; }

    Offset base() const { return base_; }

    Bytes encode_from(std::size_t first) const;

private:
    Offset base_;
    std::vector<TimestampOffset> entries_;
};

// Refuses a size that is no multiple of 12, entries that decrease.
Expected<TimeIndex, DecodeError> decode_time_index(ByteView bytes, Offset base, Padding padding);

}  // namespace glasslog::storage
