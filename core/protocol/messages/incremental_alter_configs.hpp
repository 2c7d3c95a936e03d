#pragma once

// IncrementalAlterConfigs (API key 44).

#include "core/protocol/api.hpp"
#include "core/protocol/config_enums.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// value is null for ConfigOperation::remove.
struct IncrementalAlterConfigsRequest {
    static constexpr std::string_view message_name = "IncrementalAlterConfigsRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::incremental_alter_configs;
    static constexpr VersionRange versions{0, 1};
    static constexpr Version flexible_from{1};

    struct Config {
        std::string name;
        ConfigOperation config_operation = ConfigOperation::set;
        std::optional<std::string> value;

        static void walk(auto& self, auto& w) {
            w.field("name", self.name);
            w.field("config_operation", self.config_operation);
            w.field("value", self.value, nullable());
        }

        friend bool operator==(const Config&, const Config&) = default;
    };

    struct Resource {
        ConfigResourceType resource_type = ConfigResourceType::unknown;
        std::string resource_name;
        std::vector<Config> configs;

        static void walk(auto& self, auto& w) {
            w.field("resource_type", self.resource_type);
            w.field("resource_name", self.resource_name);
            w.array("configs", self.configs);
        }

        friend bool operator==(const Resource&, const Resource&) = default;
    };

    std::vector<Resource> resources;
    bool validate_only = false;

    static void walk(auto& self, auto& w) {
        w.array("resources", self.resources);
        w.field("validate_only", self.validate_only);
    }

    friend bool operator==(const IncrementalAlterConfigsRequest&,
                           const IncrementalAlterConfigsRequest&) = default;
};

// One result per resource.
struct IncrementalAlterConfigsResponse {
    static constexpr std::string_view message_name = "IncrementalAlterConfigsResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::incremental_alter_configs;
    static constexpr VersionRange versions{0, 1};
    static constexpr Version flexible_from{1};

    struct Resource {
        WireError error_code = WireError::none;
        std::optional<std::string> error_message;
        ConfigResourceType resource_type = ConfigResourceType::unknown;
        std::string resource_name;

        static void walk(auto& self, auto& w) {
            w.field("error_code", self.error_code);
            w.field("error_message", self.error_message, nullable());
            w.field("resource_type", self.resource_type);
            w.field("resource_name", self.resource_name);
        }

        friend bool operator==(const Resource&, const Resource&) = default;
    };

    std::int32_t throttle_time_ms = 0;
    std::vector<Resource> responses;

    static void walk(auto& self, auto& w) {
        w.field("throttle_time_ms", self.throttle_time_ms);
        w.array("responses", self.responses);
    }

    friend bool operator==(const IncrementalAlterConfigsResponse&,
                           const IncrementalAlterConfigsResponse&) = default;
};

}  // namespace glasslog::protocol
