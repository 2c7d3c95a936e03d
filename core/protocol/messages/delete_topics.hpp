#pragma once

// DeleteTopics (API key 20): by name up to version 5, by name or id from 6 on.

#include "core/protocol/api.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// Either name or topic_id of a topic is set.
struct DeleteTopicsRequest {
    static constexpr std::string_view message_name = "DeleteTopicsRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::delete_topics;
    static constexpr VersionRange versions{1, 6};
    static constexpr Version flexible_from{4};

    struct Topic {
        std::optional<std::string> name;
        Uuid topic_id;

        static void walk(auto& self, auto& w) {
            w.field("name", self.name, since(6) | nullable());
            w.field("topic_id", self.topic_id, since(6));
        }

        friend bool operator==(const Topic&, const Topic&) = default;
    };

    std::vector<Topic> topics;
    std::vector<std::string> topic_names;
    std::int32_t timeout_ms = 0;

    static void walk(auto& self, auto& w) {
        w.array("topics", self.topics, since(6));
        w.array("topic_names", self.topic_names, until(5));
        w.field("timeout_ms", self.timeout_ms);
    }

    friend bool operator==(const DeleteTopicsRequest&, const DeleteTopicsRequest&) = default;
};

// name is null when an unknown id was asked for.
struct DeleteTopicsResponse {
    static constexpr std::string_view message_name = "DeleteTopicsResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::delete_topics;
    static constexpr VersionRange versions{1, 6};
    static constexpr Version flexible_from{4};

    struct Topic {
        std::optional<std::string> name;
        Uuid topic_id;
        WireError error_code = WireError::none;
        std::optional<std::string> error_message;

        static void walk(auto& self, auto& w) {
            w.field("name", self.name, nullable(6));
            w.field("topic_id", self.topic_id, since(6));
            w.field("error_code", self.error_code);
            w.field("error_message", self.error_message, since(5) | nullable());
        }

        friend bool operator==(const Topic&, const Topic&) = default;
    };

    std::int32_t throttle_time_ms = 0;
    std::vector<Topic> responses;

    static void walk(auto& self, auto& w) {
        w.field("throttle_time_ms", self.throttle_time_ms, since(1));
        w.array("responses", self.responses);
    }

    friend bool operator==(const DeleteTopicsResponse&, const DeleteTopicsResponse&) = default;
};

}  // namespace glasslog::protocol
