#pragma once

// How Kafka names what lies in a data directory.

#include "core/base/ids.hpp"
#include "core/base/uuid.hpp"

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace glasslog::storage {

struct PartitionName {
    std::string topic;
    PartitionIndex index;

    friend auto operator<=>(const PartitionName&, const PartitionName&) = default;
};

enum class SegmentFile : std::uint8_t { log, offset_index, time_index, txn_index, snapshot };

// ".log", ".index", ".timeindex", ".txnindex", ".snapshot".
std::string_view suffix(SegmentFile kind);

inline constexpr std::string_view deleted_suffix = ".deleted";
inline constexpr std::string_view temporary_suffix = ".tmp";

// "00000000000000000042.log".
std::string segment_file_name(Offset base, SegmentFile kind);

struct SegmentFileName {
    Offset base;
    SegmentFile kind = SegmentFile::log;
};

// Empty for every other name, also for those with ".deleted" behind.
std::optional<SegmentFileName> parse_segment_file_name(std::string_view name);

// "orders-0".
std::string partition_directory_name(const PartitionName& name);

enum class DirectoryKind : std::uint8_t { partition, deleted, future, stray };

// "orders-0.6e7d46ea27554a6ca8928ee07d8b0008-delete"; the topic is cut so that it is <= 255 bytes.
std::string deleted_directory_name(const PartitionName& name, const Uuid& unique);

// The same with "-stray": of no topic, and kept until a person removes it.
std::string stray_directory_name(const PartitionName& name, const Uuid& unique);

struct PartitionDirectoryName {
    PartitionName name;
    DirectoryKind kind = DirectoryKind::partition;
};

// Empty when the folder is not a partition's.
std::optional<PartitionDirectoryName> parse_partition_directory_name(std::string_view name);

}  // namespace glasslog::storage
