#include "core/storage/names.hpp"

#include "core/base/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace glasslog::storage {

namespace {

constexpr std::size_t name_bytes_max = 255;
constexpr std::size_t offset_digits = 20;
constexpr std::array all_kinds{SegmentFile::log,
                               SegmentFile::offset_index,
                               SegmentFile::time_index,
                               SegmentFile::txn_index,
                               SegmentFile::snapshot};

// Decimal digits only, no sign, all of `text`.
template <typename T>
std::optional<T> parse_digits(std::string_view text) {
    const bool is_plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return c >= '0' && c <= '9';
    });
    if (!is_plain) return std::nullopt;
    T value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// "orders-0", where the topic may hold dashes itself.
std::optional<PartitionName> parse_partition_name(std::string_view text) {
    const std::size_t dash = text.rfind('-');
    if (dash == std::string_view::npos || dash == 0) return std::nullopt;
    const auto index = parse_digits<std::int32_t>(text.substr(dash + 1));
    if (!index) return std::nullopt;
    return PartitionName{std::string(text.substr(0, dash)), PartitionIndex(*index)};
}

bool is_unique_part(std::string_view text) {
    return text.size() == 32 && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

std::string unique_directory_name(const PartitionName& name,
                                  const Uuid& unique,
                                  std::string_view ending) {
    const std::string tail =
        fmt::format("-{}.{:016x}{:016x}{}", name.index, unique.high, unique.low, ending);
    return name.topic.substr(0, name_bytes_max - tail.size()) + tail;
}

}  // namespace

std::string_view suffix(SegmentFile kind) {
    switch (kind) {
        case SegmentFile::log:
            return ".log";
        case SegmentFile::offset_index:
            return ".index";
        case SegmentFile::time_index:
            return ".timeindex";
        case SegmentFile::txn_index:
            return ".txnindex";
        case SegmentFile::snapshot:
            return ".snapshot";
    }
    UNREACHABLE();
}

std::string segment_file_name(Offset base, SegmentFile kind) {
    return fmt::format("{:020}{}", base.value(), suffix(kind));
}

std::optional<SegmentFileName> parse_segment_file_name(std::string_view name) {
    if (name.size() <= offset_digits) return std::nullopt;
    const auto base = parse_digits<std::int64_t>(name.substr(0, offset_digits));
    if (!base) return std::nullopt;
    for (const SegmentFile kind : all_kinds) {
        if (name.substr(offset_digits) == suffix(kind)) return SegmentFileName{Offset(*base), kind};
    }
    return std::nullopt;
}

std::string partition_directory_name(const PartitionName& name) {
    return fmt::format("{}-{}", name.topic, name.index);
}

std::string deleted_directory_name(const PartitionName& name, const Uuid& unique) {
    return unique_directory_name(name, unique, "-delete");
}

std::string stray_directory_name(const PartitionName& name, const Uuid& unique) {
    return unique_directory_name(name, unique, "-stray");
}

std::optional<PartitionDirectoryName> parse_partition_directory_name(std::string_view name) {
    struct Ending {
        std::string_view text;
        DirectoryKind kind;
    };

    static constexpr std::array endings{Ending{"-delete", DirectoryKind::deleted},
                                        Ending{"-future", DirectoryKind::future},
                                        Ending{"-stray", DirectoryKind::stray}};
    for (const Ending& ending : endings) {
        if (!name.ends_with(ending.text)) continue;
        const std::string_view rest = name.substr(0, name.size() - ending.text.size());
        const std::size_t dot = rest.rfind('.');
        if (dot == std::string_view::npos || !is_unique_part(rest.substr(dot + 1))) continue;
        auto partition = parse_partition_name(rest.substr(0, dot));
        if (!partition) return std::nullopt;
        return PartitionDirectoryName{std::move(*partition), ending.kind};
    }
    auto partition = parse_partition_name(name);
    if (!partition) return std::nullopt;
    return PartitionDirectoryName{std::move(*partition), DirectoryKind::partition};
}

}  // namespace glasslog::storage
