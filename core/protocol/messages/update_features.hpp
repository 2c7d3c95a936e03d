#pragma once

// UpdateFeatures (API key 57): change the finalized level of features (KIP-584).

#include "core/protocol/api.hpp"
#include "core/protocol/errors.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// What UpdateFeatures may do to a level. Others may come from a peer.
enum class FeatureUpgradeType : std::int8_t {
    unknown = 0,
    upgrade = 1,
    safe_downgrade = 2,    // only without loss of metadata
    unsafe_downgrade = 3,  // whatever it costs
};

// max_version_level: the new level; 0 or less removes the feature.
struct UpdateFeaturesRequest {
    static constexpr std::string_view message_name = "UpdateFeaturesRequest";
    static constexpr MessageKind kind = MessageKind::request;
    static constexpr ApiKey key = ApiKey::update_features;
    static constexpr VersionRange versions{0, 2};
    static constexpr Version flexible_from{0};

    struct Update {
        std::string feature;
        std::int16_t max_version_level = 0;
        bool allow_downgrade = false;
        FeatureUpgradeType upgrade_type = FeatureUpgradeType::upgrade;

        static void walk(auto& self, auto& w) {
            w.field("feature", self.feature);
            w.field("max_version_level", self.max_version_level);
            w.field("allow_downgrade", self.allow_downgrade, until(0));
            w.field("upgrade_type", self.upgrade_type, since(1));
        }

        friend bool operator==(const Update&, const Update&) = default;
    };

    std::int32_t timeout_ms = 60000;
    std::vector<Update> feature_updates;
    bool validate_only = false;

    static void walk(auto& self, auto& w) {
        w.field("timeout_ms", self.timeout_ms);
        w.array("feature_updates", self.feature_updates);
        w.field("validate_only", self.validate_only, since(1));
    }

    friend bool operator==(const UpdateFeaturesRequest&, const UpdateFeaturesRequest&) = default;
};

// All or nothing; results per feature are told up to version 1 only.
struct UpdateFeaturesResponse {
    static constexpr std::string_view message_name = "UpdateFeaturesResponse";
    static constexpr MessageKind kind = MessageKind::response;
    static constexpr ApiKey key = ApiKey::update_features;
    static constexpr VersionRange versions{0, 2};
    static constexpr Version flexible_from{0};

    struct Result {
        std::string feature;
        WireError error_code = WireError::none;
        std::optional<std::string> error_message;

        static void walk(auto& self, auto& w) {
            w.field("feature", self.feature);
            w.field("error_code", self.error_code);
            w.field("error_message", self.error_message, nullable());
        }

        friend bool operator==(const Result&, const Result&) = default;
    };

    std::int32_t throttle_time_ms = 0;
    WireError error_code = WireError::none;
    std::optional<std::string> error_message;
    std::vector<Result> results;

    static void walk(auto& self, auto& w) {
        w.field("throttle_time_ms", self.throttle_time_ms);
        w.field("error_code", self.error_code);
        w.field("error_message", self.error_message, nullable());
        w.array("results", self.results, until(1));
    }

    friend bool operator==(const UpdateFeaturesResponse&, const UpdateFeaturesResponse&) = default;
};

}  // namespace glasslog::protocol
