#pragma once

// CreateTopics (API key 19).

#include "core/protocol/api.hpp"
#include "core/protocol/config_enums.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// num_partitions and replication_factor: -1 for the broker's default, or when assignments are
// given.
struct CreateTopicsRequest {
    static constexpr std::string_view message_name = "CreateTopicsRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::create_topics;
    static constexpr VersionRange versions{2, 7};
    static constexpr Version flexible_from{5};

    struct Assignment {
        PartitionIndex partition_index;
        std::vector<NodeId> broker_ids;

        static void walk(auto& self, auto& w) {
            w.field("partition_index", self.partition_index);
            w.array("broker_ids", self.broker_ids);
        }

        friend bool operator==(const Assignment&, const Assignment&) = default;
    };

    struct Config {
        std::string name;
        std::optional<std::string> value;

        static void walk(auto& self, auto& w) {
            w.field("name", self.name);
            w.field("value", self.value, nullable());
        }

        friend bool operator==(const Config&, const Config&) = default;
    };

    struct Topic {
        std::string name;
        std::int32_t num_partitions = 0;
        std::int16_t replication_factor = 0;
        std::vector<Assignment> assignments;
        std::vector<Config> configs;

        static void walk(auto& self, auto& w) {
            w.field("name", self.name);
            w.field("num_partitions", self.num_partitions);
            w.field("replication_factor", self.replication_factor);
            w.array("assignments", self.assignments);
            w.array("configs", self.configs);
        }

        friend bool operator==(const Topic&, const Topic&) = default;
    };

    std::vector<Topic> topics;
    std::int32_t timeout_ms = 60000;
    bool validate_only = false;

    static void walk(auto& self, auto& w) {
        w.array("topics", self.topics);
        w.field("timeout_ms", self.timeout_ms);
        w.field("validate_only", self.validate_only, since(1));
    }

    friend bool operator==(const CreateTopicsRequest&, const CreateTopicsRequest&) = default;
};

// configs: null when the caller may not describe them.
struct CreateTopicsResponse {
    static constexpr std::string_view message_name = "CreateTopicsResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::create_topics;
    static constexpr VersionRange versions{2, 7};
    static constexpr Version flexible_from{5};

    struct Config {
        std::string name;
        std::optional<std::string> value;
        bool read_only = false;
        ConfigSource config_source = ConfigSource::absent;
        bool is_sensitive = false;

        static void walk(auto& self, auto& w) {
            w.field("name", self.name, since(5));
            w.field("value", self.value, since(5) | nullable());
            w.field("read_only", self.read_only, since(5));
            w.field("config_source", self.config_source, since(5));
            w.field("is_sensitive", self.is_sensitive, since(5));
        }

        friend bool operator==(const Config&, const Config&) = default;
    };

    struct Topic {
        std::string name;
        Uuid topic_id;
        WireError error_code = WireError::none;
        std::optional<std::string> error_message;
        WireError topic_config_error_code = WireError::none;
        std::int32_t num_partitions = -1;
        std::int16_t replication_factor = -1;
        std::optional<std::vector<Config>> configs;

        static void walk(auto& self, auto& w) {
            w.field("name", self.name);
            w.field("topic_id", self.topic_id, since(7));
            w.field("error_code", self.error_code);
            w.field("error_message", self.error_message, since(1) | nullable());
            w.field("topic_config_error_code", self.topic_config_error_code, tagged(0) | since(5));
            w.field("num_partitions", self.num_partitions, since(5));
            w.field("replication_factor", self.replication_factor, since(5));
            w.array("configs", self.configs, since(5) | nullable());
        }

        friend bool operator==(const Topic&, const Topic&) = default;
    };

    std::int32_t throttle_time_ms = 0;
    std::vector<Topic> topics;

    static void walk(auto& self, auto& w) {
        w.field("throttle_time_ms", self.throttle_time_ms, since(2));
        w.array("topics", self.topics);
    }

    friend bool operator==(const CreateTopicsResponse&, const CreateTopicsResponse&) = default;
};

}  // namespace glasslog::protocol
