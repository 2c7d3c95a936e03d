#pragma once

// CreatePartitions (API key 37): more partitions for a topic.

#include "core/protocol/api.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// count: the new total. assignments: null lets the broker place the new ones.
struct CreatePartitionsRequest {
    static constexpr std::string_view message_name = "CreatePartitionsRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::create_partitions;
    static constexpr VersionRange versions{0, 3};
    static constexpr Version flexible_from{2};

    struct Assignment {
        std::vector<NodeId> broker_ids;

        static void walk(auto& self, auto& w) { w.array("broker_ids", self.broker_ids); }

        friend bool operator==(const Assignment&, const Assignment&) = default;
    };

    struct Topic {
        std::string name;
        std::int32_t count = 0;
        std::optional<std::vector<Assignment>> assignments;

        static void walk(auto& self, auto& w) {
            w.field("name", self.name);
            w.field("count", self.count);
            w.array("assignments", self.assignments, nullable());
        }

        friend bool operator==(const Topic&, const Topic&) = default;
    };

    std::vector<Topic> topics;
    std::int32_t timeout_ms = 0;
    bool validate_only = false;

    static void walk(auto& self, auto& w) {
        w.array("topics", self.topics);
        w.field("timeout_ms", self.timeout_ms);
        w.field("validate_only", self.validate_only);
    }

    friend bool operator==(const CreatePartitionsRequest&,
                           const CreatePartitionsRequest&) = default;
};

// One result per topic.
struct CreatePartitionsResponse {
    static constexpr std::string_view message_name = "CreatePartitionsResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::create_partitions;
    static constexpr VersionRange versions{0, 3};
    static constexpr Version flexible_from{2};

    struct Topic {
        std::string name;
        WireError error_code = WireError::none;
        std::optional<std::string> error_message;

        static void walk(auto& self, auto& w) {
            w.field("name", self.name);
            w.field("error_code", self.error_code);
            w.field("error_message", self.error_message, nullable());
        }

        friend bool operator==(const Topic&, const Topic&) = default;
    };

    std::int32_t throttle_time_ms = 0;
    std::vector<Topic> results;

    static void walk(auto& self, auto& w) {
        w.field("throttle_time_ms", self.throttle_time_ms);
        w.array("results", self.results);
    }

    friend bool operator==(const CreatePartitionsResponse&,
                           const CreatePartitionsResponse&) = default;
};

}  // namespace glasslog::protocol
