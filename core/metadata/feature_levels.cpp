// Feature levels of the controller. kraft.version is looked at here, and written by the quorum
// (service.cpp).
// Sources: KIP-584, KIP-778, KIP-853, KIP-966.

#include "core/metadata/controller.hpp"
#include "core/metadata/features.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace glasslog::metadata {

namespace {

using protocol::FeatureUpgradeType;
using protocol::UpdateFeaturesRequest;
using protocol::UpdateFeaturesResponse;
using protocol::WireError;

using Update = UpdateFeaturesRequest::Update;

constexpr std::string_view min_isr_key = "min.insync.replicas";

// Version 0 says it by a flag.
FeatureUpgradeType type_of(const Update& update) {
    return update.allow_downgrade ? FeatureUpgradeType::safe_downgrade : update.upgrade_type;
}

bool is_type(FeatureUpgradeType type) {
    return type == FeatureUpgradeType::upgrade || type == FeatureUpgradeType::safe_downgrade ||
           type == FeatureUpgradeType::unsafe_downgrade;
}

// Who cannot run at this level; empty when all can.
std::optional<std::string> support_complaint(const Image& image, const Update& update) {
    const auto supported = supported_features();
    const auto own = std::find_if(supported.begin(), supported.end(), [&](const auto& one) {
        return one.name == update.feature;
    });
    if (own == supported.end()) return "this controller does not know it";
    const std::int16_t level = update.max_version_level;
    if (level < own->levels.first || level > own->levels.last) {
        return fmt::format("this controller supports the levels {} to {}",
                           own->levels.first,
                           own->levels.last);
    }
    const auto has = [&](const std::map<std::string, FeatureRange>& features) {
        const auto at = features.find(update.feature);
        // A node that does not name it knows level 0 alone.
        if (at == features.end()) return level == 0;
        return at->second.first <= level && level <= at->second.last;
    };
    std::optional<std::string> complaint;
    image.brokers.for_each([&](NodeId id, const BrokerPtr& broker) {
        if (!has(broker->features)) complaint = fmt::format("broker {} does not support it", id);
    });
    for (const auto& [id, controller] : image.controllers) {
        if (!has(controller.features)) return fmt::format("controller {} does not support it", id);
    }
    return complaint;
}

bool has_empty_isr(const Image& image) {
    bool found = false;
    image.topics_by_id.for_each([&](const Uuid& /*id*/, const TopicPtr& topic) {
        found = found || std::any_of(topic->partitions.begin(),
                                     topic->partitions.end(),
                                     [](const auto& one) { return one.isr.empty(); });
    });
    return found;
}

}  // namespace

bool Controller::has_elr() const {
    const auto at = image_.features.find(std::string(elr_version));
    return at != image_.features.end() && at->second > 0;
}

std::optional<std::string> Controller::level_complaint(const Update& update) const {
    const std::int16_t level = update.max_version_level;
    if (!is_type(type_of(update))) return "the type of the update is unknown";
    if (level < 0) return "a level is at least 0";
    if (auto complaint = support_complaint(image_, update)) return complaint;
    const auto at = image_.features.find(update.feature);
    const std::int16_t present = at == image_.features.end() ? std::int16_t{0} : at->second;
    const bool is_upgrade = type_of(update) == FeatureUpgradeType::upgrade;
    if (level == present) return std::nullopt;
    if (level > present) {
        if (is_upgrade) return std::nullopt;
        return "a higher level needs an upgrade";
    }
    if (is_upgrade) return "a lower level needs a safe or an unsafe downgrade";
    if (update.feature == kraft_version) return "voters that stand in the log stay there";
    if (update.feature == metadata_version) {
        return fmt::format("from {} to {} metadata might be lost", present, level);
    }
    if (update.feature == elr_version && has_empty_isr(image_)) {
        return "partitions whose only copies are eligible replicas would have no leader for ever";
    }
    return std::nullopt;
}

// With eligible leader replicas there is one min.insync.replicas for all brokers, and it is in the
// log: a controller must not judge by its own file.
void Controller::add_elr_records(Records& records) const {
    const auto& all = image_.configs_of({ConfigResourceType::broker, ""});
    if (!all.contains(min_isr_key)) {
        const auto at = options_.file.find(std::string(min_isr_key));
        const std::string value =
            at != options_.file.end()
                ? at->second
                : std::string(find_broker_config(min_isr_key)->default_value.value_or("1"));
        records.emplace_back(protocol::ConfigRecord{ConfigResourceType::broker,
                                                    "",
                                                    std::string(min_isr_key),
                                                    value});
    }
    image_.configs.for_each([&](const ConfigResource& resource, const ConfigValuesPtr& values) {
        const bool is_one_broker =
            resource.type == ConfigResourceType::broker && !resource.name.empty();
        if (!is_one_broker || !values->contains(min_isr_key)) return;
        records.emplace_back(protocol::ConfigRecord{resource.type,
                                                    resource.name,
                                                    std::string(min_isr_key),
                                                    std::nullopt});
    });
}

Response Controller::decide(const UpdateFeatures& request, const Moment& /*at*/, Records& records) {
    UpdateFeaturesResponse response;
    // A feature that is named twice counts as it is named last.
    std::map<std::string, const Update*> updates;
    for (const Update& update : request.body.feature_updates)
        updates[update.feature] = &update;
    for (const auto& [name, update] : updates) {
        if (auto complaint = level_complaint(*update)) {
            response.error_code = WireError::invalid_update_version;
            response.error_message = fmt::format("nothing was changed: {} at level {}: {}",
                                                 name,
                                                 update->max_version_level,
                                                 *complaint);
            return response;
        }
    }
    for (const auto& [name, update] : updates) {
        const auto at = image_.features.find(name);
        const std::int16_t present = at == image_.features.end() ? std::int16_t{0} : at->second;
        if (request.version < protocol::Version(2)) {
            response.results.emplace_back();
            response.results.back().feature = name;
        }
        if (update->max_version_level == present || name == kraft_version) continue;
        records.emplace_back(protocol::FeatureLevelRecord{name, update->max_version_level});
        if (name != elr_version) continue;
        if (update->max_version_level > 0) {
            add_elr_records(records);
        } else {
            records.emplace_back(protocol::ClearElrRecord{});
        }
    }
    return response;
}

}  // namespace glasslog::metadata
