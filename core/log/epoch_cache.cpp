#include "core/log/epoch_cache.hpp"

#include "core/base/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace glasslog::log {

namespace {

// Takes decimal digits and the separator behind them from the front of `text`; empty when that is
// not what stands there. The last line may lack its newline.
template <typename T>
std::optional<T> take_number(std::string_view& text, char separator) {
    T value = 0;
    const char* end = text.data() + text.size();
    const auto [after, failed] = std::from_chars(text.data(), end, value);
    const bool is_plain = failed == std::errc{} && text.front() != '-';
    if (!is_plain) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(after - text.data()));
    if (text.empty()) return separator == '\n' ? std::optional(value) : std::nullopt;
    if (text.front() != separator) return std::nullopt;
    text.remove_prefix(1);
    return value;
}

}  // namespace

bool EpochCache::assign(LeaderEpoch epoch, Offset start) {
    CHECK(epoch >= LeaderEpoch(0), "epoch {}", epoch);
    CHECK(start >= Offset(0), "start {}", start);
    const bool is_known =
        !entries_.empty() && entries_.back().epoch == epoch && entries_.back().start <= start;
    if (is_known) return false;

    // Both columns increase, so what has to go is a suffix.
    while (!entries_.empty() && (entries_.back().epoch >= epoch || entries_.back().start >= start))
        entries_.pop_back();
    entries_.push_back({epoch, start});
    return true;
}

bool EpochCache::truncate_from_end(Offset end) {
    const std::size_t before = entries_.size();
    while (!entries_.empty() && entries_.back().start >= end)
        entries_.pop_back();
    return entries_.size() != before;
}

bool EpochCache::truncate_from_start(Offset log_start) {
    const auto is_after = [](Offset offset, const EpochStart& entry) {
        return offset < entry.start;
    };
    const auto first_after =
        std::upper_bound(entries_.begin(), entries_.end(), log_start, is_after);
    if (first_after == entries_.begin()) return false;

    const auto covering = first_after - 1;
    if (covering == entries_.begin() && covering->start == log_start) return false;
    covering->start = log_start;
    entries_.erase(entries_.begin(), covering);
    return true;
}

EpochEnd EpochCache::end_offset_for(LeaderEpoch epoch, Offset log_end) const {
    if (entries_.empty() || epoch < LeaderEpoch(0) || epoch > entries_.back().epoch) return {};
    if (epoch == entries_.back().epoch) return {epoch, log_end};

    const auto is_above = [](LeaderEpoch asked, const EpochStart& entry) {
        return asked < entry.epoch;
    };
    const auto higher = std::upper_bound(entries_.begin(), entries_.end(), epoch, is_above);
    CHECK(higher != entries_.end());
    if (higher == entries_.begin()) return {epoch, higher->start};
    return {(higher - 1)->epoch, higher->start};
}

std::optional<LeaderEpoch> EpochCache::epoch_at(Offset offset) const {
    const auto is_after = [](Offset asked, const EpochStart& entry) { return asked < entry.start; };
    const auto next = std::upper_bound(entries_.begin(), entries_.end(), offset, is_after);
    if (next == entries_.begin()) return std::nullopt;
    return (next - 1)->epoch;
}

std::optional<LeaderEpoch> EpochCache::latest() const {
    if (entries_.empty()) return std::nullopt;
    return entries_.back().epoch;
}

std::string encode_epoch_checkpoint(const EpochCache& cache) {
    std::string text = fmt::format("0\n{}\n", cache.entries().size());
    for (const EpochStart& entry : cache.entries())
        text += fmt::format("{} {}\n", entry.epoch, entry.start);
    return text;
}

Expected<EpochCache, DecodeError> decode_epoch_checkpoint(ByteView bytes) {
    std::string_view rest = as_text(bytes);
    const auto refuse = [&](const char* what) {
        return Unexpected{DecodeError{what, bytes.size() - rest.size()}};
    };
    const auto version = take_number<std::int32_t>(rest, '\n');
    if (version != 0) return refuse("epoch checkpoint: the version is not 0");
    const auto count = take_number<std::int32_t>(rest, '\n');
    if (!count) return refuse("epoch checkpoint: no count of entries");

    EpochCache cache;
    for (std::int32_t i = 0; i < *count; ++i) {
        const auto epoch = take_number<std::int32_t>(rest, ' ');
        if (!epoch) return refuse("epoch checkpoint: fewer entries than counted");
        const auto start = take_number<std::int64_t>(rest, '\n');
        if (!start) return refuse("epoch checkpoint: an entry without a start offset");
        const std::span<const EpochStart> known = cache.entries();
        const bool increases = known.empty() || (known.back().epoch < LeaderEpoch(*epoch) &&
                                                 known.back().start < Offset(*start));
        if (!increases) return refuse("epoch checkpoint: entries do not increase");
        cache.assign(LeaderEpoch(*epoch), Offset(*start));
    }
    if (!rest.empty()) return refuse("epoch checkpoint: more entries than counted");
    return cache;
}

}  // namespace glasslog::log
