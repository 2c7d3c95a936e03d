#pragma once

// DescribeLogDirs (API key 35): sizes of partitions by log directory.

#include "core/protocol/api.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// topics: null asks for all.
struct DescribeLogDirsRequest {
    static constexpr std::string_view message_name = "DescribeLogDirsRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::describe_log_dirs;
    static constexpr VersionRange versions{1, 5};
    static constexpr Version flexible_from{2};

    struct Topic {
        std::string topic;
        std::vector<PartitionIndex> partitions;

        static void walk(auto& self, auto& w) {
            w.field("topic", self.topic);
            w.array("partitions", self.partitions);
        }

        friend bool operator==(const Topic&, const Topic&) = default;
    };

    std::optional<std::vector<Topic>> topics;

    static void walk(auto& self, auto& w) { w.array("topics", self.topics, nullable()); }

    friend bool operator==(const DescribeLogDirsRequest&, const DescribeLogDirsRequest&) = default;
};

// Sizes in bytes; total and usable bytes are -1 when unknown.
struct DescribeLogDirsResponse {
    static constexpr std::string_view message_name = "DescribeLogDirsResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::describe_log_dirs;
    static constexpr VersionRange versions{1, 5};
    static constexpr Version flexible_from{2};

    struct Partition {
        PartitionIndex partition_index;
        std::int64_t partition_size = 0;
        std::int64_t offset_lag = 0;
        bool is_future_key = false;

        static void walk(auto& self, auto& w) {
            w.field("partition_index", self.partition_index);
            w.field("partition_size", self.partition_size);
            w.field("offset_lag", self.offset_lag);
            w.field("is_future_key", self.is_future_key);
        }

        friend bool operator==(const Partition&, const Partition&) = default;
    };

    struct Topic {
        std::string name;
        std::vector<Partition> partitions;

        static void walk(auto& self, auto& w) {
            w.field("name", self.name);
            w.array("partitions", self.partitions);
        }

        friend bool operator==(const Topic&, const Topic&) = default;
    };

    struct Directory {
        WireError error_code = WireError::none;
        std::string log_dir;
        std::vector<Topic> topics;
        std::int64_t total_bytes = -1;
        std::int64_t usable_bytes = -1;
        bool is_cordoned = false;

        static void walk(auto& self, auto& w) {
            w.field("error_code", self.error_code);
            w.field("log_dir", self.log_dir);
            w.array("topics", self.topics);
            w.field("total_bytes", self.total_bytes, since(4));
            w.field("usable_bytes", self.usable_bytes, since(4));
            w.field("is_cordoned", self.is_cordoned, since(5));
        }

        friend bool operator==(const Directory&, const Directory&) = default;
    };

    std::int32_t throttle_time_ms = 0;
    WireError error_code = WireError::none;
    std::vector<Directory> results;

    static void walk(auto& self, auto& w) {
        w.field("throttle_time_ms", self.throttle_time_ms);
        w.field("error_code", self.error_code, since(3));
        w.array("results", self.results);
    }

    friend bool operator==(const DescribeLogDirsResponse&,
                           const DescribeLogDirsResponse&) = default;
};

}  // namespace glasslog::protocol
