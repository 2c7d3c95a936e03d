#include "core/storage/offset_index.hpp"

#include "core/base/check.hpp"

#include <algorithm>

namespace glasslog::storage {

void OffsetIndex::append(Offset offset, std::uint64_t position) {
    const std::int64_t relative = offset - base_;
    CHECK(relative >= 0 && relative <= INT32_MAX, "offset {} base {}", offset, base_);
    CHECK(position <= INT32_MAX, "position {}", position);
    const OffsetIndexEntry entry{static_cast<std::int32_t>(relative),
                                 static_cast<std::int32_t>(position)};
    if (!entries_.empty()) {
        CHECK(entry.relative_offset > entries_.back().relative_offset);
        CHECK(entry.position > entries_.back().position);
    }
    entries_.push_back(entry);
}

std::uint64_t OffsetIndex::lookup(Offset offset) const {
    const std::int64_t relative = offset - base_;
    const auto is_after = [](std::int64_t asked, const OffsetIndexEntry& entry) {
        return asked < entry.relative_offset;
    };
    const auto next = std::upper_bound(entries_.begin(), entries_.end(), relative, is_after);
    if (next == entries_.begin()) return 0;
    return static_cast<std::uint64_t>((next - 1)->position);
}

Bytes OffsetIndex::encode_from(std::size_t first) const {
    std::vector<std::uint8_t> out((entries_.size() - first) * offset_index_entry_bytes);
    std::uint8_t* at = out.data();
    for (std::size_t i = first; i < entries_.size(); ++i) {
        store_be(at, entries_[i].relative_offset);
        store_be(at + 4, entries_[i].position);
        at += offset_index_entry_bytes;
    }
    return Bytes::from(std::move(out));
}

Expected<OffsetIndex, DecodeError> decode_offset_index(ByteView bytes,
                                                       SegmentExtent segment,
                                                       Padding padding) {
    if (bytes.size() % offset_index_entry_bytes != 0)
        return Unexpected{DecodeError{"offset index: half an entry", bytes.size()}};
    OffsetIndex index(segment.base);
    OffsetIndexEntry last{-1, -1};
    for (std::size_t at = 0; at < bytes.size(); at += offset_index_entry_bytes) {
        const OffsetIndexEntry entry{load_be<std::int32_t>(bytes.data() + at),
                                     load_be<std::int32_t>(bytes.data() + at + 4)};
        if (padding == Padding::zeros && entry == OffsetIndexEntry{}) break;
        if (entry.relative_offset <= last.relative_offset || entry.position <= last.position)
            return Unexpected{DecodeError{"offset index: entries do not increase", at}};
        if (static_cast<std::uint64_t>(entry.position) >= segment.log_bytes)
            return Unexpected{DecodeError{"offset index: a position beyond the segment", at}};
        if (entry.relative_offset > INT64_MAX - segment.base.value())
            return Unexpected{DecodeError{"offset index: no such offset", at}};
        index.append(segment.base + entry.relative_offset,
                     static_cast<std::uint64_t>(entry.position));
        last = entry;
    }
    return index;
}

}  // namespace glasslog::storage
