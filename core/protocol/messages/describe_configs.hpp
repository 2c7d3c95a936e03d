#pragma once

// DescribeConfigs (API key 32).

#include "core/protocol/api.hpp"
#include "core/protocol/config_enums.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// configuration_keys: null asks for all.
struct DescribeConfigsRequest {
    static constexpr std::string_view message_name = "DescribeConfigsRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::describe_configs;
    static constexpr VersionRange versions{1, 4};
    static constexpr Version flexible_from{4};

    struct Resource {
        ConfigResourceType resource_type = ConfigResourceType::unknown;
        std::string resource_name;
        std::optional<std::vector<std::string>> configuration_keys;

        static void walk(auto& self, auto& w) {
            w.field("resource_type", self.resource_type);
            w.field("resource_name", self.resource_name);
            w.array("configuration_keys", self.configuration_keys, nullable());
        }

        friend bool operator==(const Resource&, const Resource&) = default;
    };

    std::vector<Resource> resources;
    bool include_synonyms = false;
    bool include_documentation = false;

    static void walk(auto& self, auto& w) {
        w.array("resources", self.resources);
        w.field("include_synonyms", self.include_synonyms, since(1));
        w.field("include_documentation", self.include_documentation, since(3));
    }

    friend bool operator==(const DescribeConfigsRequest&, const DescribeConfigsRequest&) = default;
};

// value is null when sensitive or not set.
struct DescribeConfigsResponse {
    static constexpr std::string_view message_name = "DescribeConfigsResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::describe_configs;
    static constexpr VersionRange versions{1, 4};
    static constexpr Version flexible_from{4};

    struct Synonym {
        std::string name;
        std::optional<std::string> value;
        ConfigSource source = ConfigSource::unknown;

        static void walk(auto& self, auto& w) {
            w.field("name", self.name);
            w.field("value", self.value, nullable());
            w.field("source", self.source);
        }

        friend bool operator==(const Synonym&, const Synonym&) = default;
    };

    struct Config {
        std::string name;
        std::optional<std::string> value;
        bool read_only = false;
        ConfigSource config_source = ConfigSource::absent;
        bool is_sensitive = false;
        std::vector<Synonym> synonyms;
        ConfigType config_type = ConfigType::unknown;
        std::optional<std::string> documentation;

        static void walk(auto& self, auto& w) {
            w.field("name", self.name);
            w.field("value", self.value, nullable());
            w.field("read_only", self.read_only);
            w.field("config_source", self.config_source, since(1));
            w.field("is_sensitive", self.is_sensitive);
            w.array("synonyms", self.synonyms, since(1));
            w.field("config_type", self.config_type, since(3));
            w.field("documentation", self.documentation, since(3) | nullable());
        }

        friend bool operator==(const Config&, const Config&) = default;
    };

    struct Resource {
        WireError error_code = WireError::none;
        std::optional<std::string> error_message;
        ConfigResourceType resource_type = ConfigResourceType::unknown;
        std::string resource_name;
        std::vector<Config> configs;

        static void walk(auto& self, auto& w) {
            w.field("error_code", self.error_code);
            w.field("error_message", self.error_message, nullable());
            w.field("resource_type", self.resource_type);
            w.field("resource_name", self.resource_name);
            w.array("configs", self.configs);
        }

        friend bool operator==(const Resource&, const Resource&) = default;
    };

    std::int32_t throttle_time_ms = 0;
    std::vector<Resource> results;

    static void walk(auto& self, auto& w) {
        w.field("throttle_time_ms", self.throttle_time_ms);
        w.array("results", self.results);
    }

    friend bool operator==(const DescribeConfigsResponse&,
                           const DescribeConfigsResponse&) = default;
};

}  // namespace glasslog::protocol
