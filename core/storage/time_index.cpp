#include "core/storage/time_index.hpp"

#include "core/base/check.hpp"

#include <algorithm>

namespace glasslog::storage {

void TimeIndex::maybe_append(TimestampOffset entry) {
    const std::int64_t relative = entry.offset - base_;
    CHECK(relative >= 0 && relative <= INT32_MAX, "offset {} base {}", entry.offset, base_);
    const WallTime last = entries_.empty() ? WallTime() : entries_.back().timestamp;
    if (entry.timestamp <= last) return;
    if (!entries_.empty()) CHECK(entry.offset >= entries_.back().offset);
    entries_.push_back(entry);
}

TimestampOffset TimeIndex::lookup(WallTime timestamp) const {
    const auto is_after = [](WallTime asked, const TimestampOffset& entry) {
        return asked < entry.timestamp;
    };
    const auto next = std::upper_bound(entries_.begin(), entries_.end(), timestamp, is_after);
    if (next == entries_.begin()) return {WallTime(), base_};
    return *(next - 1);
}

Bytes TimeIndex::encode_from(std::size_t first) const {
    std::vector<std::uint8_t> out((entries_.size() - first) * time_index_entry_bytes);
    std::uint8_t* at = out.data();
    for (std::size_t i = first; i < entries_.size(); ++i) {
        store_be(at, entries_[i].timestamp.milliseconds());
        store_be(at + 8, static_cast<std::int32_t>(entries_[i].offset - base_));
        at += time_index_entry_bytes;
    }
    return Bytes::from(std::move(out));
}

Expected<TimeIndex, DecodeError> decode_time_index(ByteView bytes, Offset base, Padding padding) {
    if (bytes.size() % time_index_entry_bytes != 0)
        return Unexpected{DecodeError{"time index: half an entry", bytes.size()}};
    TimeIndex index(base);
    TimestampOffset last{WallTime(), base};
    for (std::size_t at = 0; at < bytes.size(); at += time_index_entry_bytes) {
        const auto timestamp = load_be<std::int64_t>(bytes.data() + at);
        const auto relative = load_be<std::int32_t>(bytes.data() + at + 8);
        if (padding == Padding::zeros && timestamp == 0 && relative == 0) break;
        if (relative < 0 || base.value() > INT64_MAX - relative)
            return Unexpected{DecodeError{"time index: no such offset", at}};
        const TimestampOffset entry{WallTime::from_milliseconds(timestamp), base + relative};
        if (entry.timestamp <= last.timestamp || entry.offset < last.offset)
            return Unexpected{DecodeError{"time index: entries do not increase", at}};
        index.maybe_append(entry);
        last = entry;
    }
    return index;
}

}  // namespace glasslog::storage
