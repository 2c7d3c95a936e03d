#pragma once

// The features whose levels this node can run at. Others of Kafka 4.3 (group.version,
// transaction.version, …) come with what they switch on. Source: KIP-584.

#include "core/metadata/image.hpp"

#include <array>
#include <span>
#include <string_view>

namespace glasslog::metadata {

// Finalized by a control record of the log, not by the controller.
inline constexpr std::string_view kraft_version = "kraft.version";
inline constexpr std::string_view metadata_version = "metadata.version";
// 1: replicas that left the in-sync set below min.insync.replicas may lead (KIP-966).
inline constexpr std::string_view elr_version = "eligible.leader.replicas.version";

struct SupportedFeature {
    std::string_view name;
    FeatureRange levels;
};

inline constexpr std::array supported_feature_table{
    SupportedFeature{elr_version, {0, 1}},
    SupportedFeature{kraft_version, {0, 1}},
    SupportedFeature{metadata_version, {7, 30}},  // 3.3-IV3 … 4.3-IV0
};

// Sorted by name.
constexpr std::span<const SupportedFeature> supported_features() {
    return supported_feature_table;
}

}  // namespace glasslog::metadata
