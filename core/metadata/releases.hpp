#pragma once

// Which levels of which features a cluster of a release of Kafka begins with. Facts:
// `kafka-storage version-mapping` of Apache Kafka 4.3.1. Source: KIP-584, KIP-1022.

#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/metadata/image.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace glasslog::metadata {

struct Release {
    std::string_view name;   // "4.3-IV0"
    std::int16_t level = 0;  // of metadata.version
};

// Oldest first.
std::span<const Release> releases();

// By "4.3-IV0", or "4.3" and "4.3.1" for the last of 4.3; nullptr: no such release.
const Release* find_release(std::string_view name);

// By its metadata.version.
const Release* find_release(std::int16_t level);

// Levels by name; without those that are 0.
using FeatureLevels = std::map<std::string, std::int16_t, std::less<>>;

// The levels that a new cluster finalizes: metadata.version and what that release has by default;
// `wanted` goes before. Without kraft.version. Refuses unknown features and levels, and two
// different metadata.versions. where: the flag, for errors.
Expected<FeatureLevels, InputError> initial_levels(std::optional<Release> release,
                                                   const FeatureLevels& wanted);

}  // namespace glasslog::metadata
