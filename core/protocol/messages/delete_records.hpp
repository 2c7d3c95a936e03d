#pragma once

// DeleteRecords (API key 21): moves the start of partitions' logs.

#include "core/protocol/api.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// offset: the new first offset; -1 for the high watermark.
struct DeleteRecordsRequest {
    static constexpr std::string_view message_name = "DeleteRecordsRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::delete_records;
    static constexpr VersionRange versions{0, 2};
    static constexpr Version flexible_from{2};

    struct Partition {
        PartitionIndex partition_index;
        Offset offset;

        static void walk(auto& self, auto& w) {
            w.field("partition_index", self.partition_index);
            w.field("offset", self.offset);
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

    std::vector<Topic> topics;
    std::int32_t timeout_ms = 0;

    static void walk(auto& self, auto& w) {
        w.array("topics", self.topics);
        w.field("timeout_ms", self.timeout_ms);
    }

    friend bool operator==(const DeleteRecordsRequest&, const DeleteRecordsRequest&) = default;
};

// low_watermark is -1 on error.
struct DeleteRecordsResponse {
    static constexpr std::string_view message_name = "DeleteRecordsResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::delete_records;
    static constexpr VersionRange versions{0, 2};
    static constexpr Version flexible_from{2};

    struct Partition {
        PartitionIndex partition_index;
        Offset low_watermark;
        WireError error_code = WireError::none;

        static void walk(auto& self, auto& w) {
            w.field("partition_index", self.partition_index);
            w.field("low_watermark", self.low_watermark);
            w.field("error_code", self.error_code);
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

    std::int32_t throttle_time_ms = 0;
    std::vector<Topic> topics;

    static void walk(auto& self, auto& w) {
        w.field("throttle_time_ms", self.throttle_time_ms);
        w.array("topics", self.topics);
    }

    friend bool operator==(const DeleteRecordsResponse&, const DeleteRecordsResponse&) = default;
};

}  // namespace glasslog::protocol
