#pragma once

// OffsetIndex: a sparse map from offset to file position in one segment. File `<base>.index`:
// entries of 8 bytes, relative offset i32 (offset - base), position i32, both increasing. There is
// no checksum: an index is used when its entries increase and lie inside the segment, and rebuilt
// otherwise.

#include "core/base/bytes.hpp"
#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/base/ids.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace glasslog::storage {

struct OffsetIndexEntry {
    std::int32_t relative_offset = 0;
    std::int32_t position = 0;

    friend auto operator<=>(const OffsetIndexEntry&, const OffsetIndexEntry&) = default;
};

inline constexpr std::size_t offset_index_entry_bytes = 8;
static_assert(sizeof(OffsetIndexEntry) == offset_index_entry_bytes);

class OffsetIndex {
public:
    explicit OffsetIndex(Offset base) : base_(base) {}

    // `offset` is the last one of the batch at `position`. Both must be above the last entry's.
    void append(Offset offset, std::uint64_t position);

    // Where to begin to look for `offset`: the position of the last entry at or before it, or 0.
    std::uint64_t lookup(Offset offset) const;

    std::span<const OffsetIndexEntry> entries() const { return entries_; }

    Offset base() const { return base_; }

    // Entries [first, ..) as the file holds them.
    Bytes encode_from(std::size_t first) const;

private:
    Offset base_;
    std::vector<OffsetIndexEntry> entries_;
};

// The index of a segment of `log_bytes` bytes. Refuses a size that is no multiple of 8, entries
// that do not increase, a position outside. Zeros of a preallocated file end the entries when
// `Padding::zeros` is allowed.
enum class Padding : std::uint8_t { none, zeros };

struct SegmentExtent {
    Offset base;
    std::uint64_t log_bytes = 0;
};

Expected<OffsetIndex, DecodeError> decode_offset_index(ByteView bytes,
                                                       SegmentExtent segment,
                                                       Padding padding);

}  // namespace glasslog::storage
