#pragma once

// ApiVersions (API key 18): what the other side speaks. Answered in version 0 to a version that is
// too new.

#include "core/protocol/api.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// Name and version of the client match [a-zA-Z0-9](?:[a-zA-Z0-9\\-.]*[a-zA-Z0-9])?.
struct ApiVersionsRequest {
    static constexpr std::string_view message_name = "ApiVersionsRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::api_versions;
    static constexpr VersionRange versions{0, 4};
    static constexpr Version flexible_from{3};

    std::string client_software_name;
    std::string client_software_version;

    static void walk(auto& self, auto& w) {
        w.field("client_software_name", self.client_software_name, since(3));
        w.field("client_software_version", self.client_software_version, since(3));
    }

    friend bool operator==(const ApiVersionsRequest&, const ApiVersionsRequest&) = default;
};

// Its header is always version 0. finalized_features_epoch is -1 when unknown.
struct ApiVersionsResponse {
    static constexpr std::string_view message_name = "ApiVersionsResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::api_versions;
    static constexpr VersionRange versions{0, 4};
    static constexpr Version flexible_from{3};

    struct Api {
        ApiKey api_key = ApiKey{0};
        std::int16_t min_version = 0;
        std::int16_t max_version = 0;

        static void walk(auto& self, auto& w) {
            w.field("api_key", self.api_key);
            w.field("min_version", self.min_version);
            w.field("max_version", self.max_version);
        }

        friend bool operator==(const Api&, const Api&) = default;
    };

    struct SupportedFeature {
        std::string name;
        std::int16_t min_version = 0;
        std::int16_t max_version = 0;

        static void walk(auto& self, auto& w) {
            w.field("name", self.name, since(3));
            w.field("min_version", self.min_version, since(3));
            w.field("max_version", self.max_version, since(3));
        }

        friend bool operator==(const SupportedFeature&, const SupportedFeature&) = default;
    };

    struct FinalizedFeature {
        std::string name;
        std::int16_t max_version_level = 0;
        std::int16_t min_version_level = 0;

        static void walk(auto& self, auto& w) {
            w.field("name", self.name, since(3));
            w.field("max_version_level", self.max_version_level, since(3));
            w.field("min_version_level", self.min_version_level, since(3));
        }

        friend bool operator==(const FinalizedFeature&, const FinalizedFeature&) = default;
    };

    WireError error_code = WireError::none;
    std::vector<Api> api_keys;
    std::int32_t throttle_time_ms = 0;
    std::vector<SupportedFeature> supported_features;
    std::int64_t finalized_features_epoch = -1;
    std::vector<FinalizedFeature> finalized_features;
    bool zk_migration_ready = false;

    static void walk(auto& self, auto& w) {
        w.field("error_code", self.error_code);
        w.array("api_keys", self.api_keys);
        w.field("throttle_time_ms", self.throttle_time_ms, since(1));
        w.array("supported_features", self.supported_features, tagged(0) | since(3));
        w.field("finalized_features_epoch",
                self.finalized_features_epoch,
                tagged(1, -1) | since(3));
        w.array("finalized_features", self.finalized_features, tagged(2) | since(3));
        w.field("zk_migration_ready", self.zk_migration_ready, tagged(3) | since(3));
    }

    friend bool operator==(const ApiVersionsResponse&, const ApiVersionsResponse&) = default;
};

}  // namespace glasslog::protocol
