#include "core/metadata/releases.hpp"

#include "core/metadata/features.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace glasslog::metadata {

namespace {

constexpr std::array release_table{
    Release{"3.3-IV3", 7},  Release{"3.4-IV0", 8},  Release{"3.5-IV0", 9},  Release{"3.5-IV1", 10},
    Release{"3.5-IV2", 11}, Release{"3.6-IV0", 12}, Release{"3.6-IV1", 13}, Release{"3.6-IV2", 14},
    Release{"3.7-IV0", 15}, Release{"3.7-IV1", 16}, Release{"3.7-IV2", 17}, Release{"3.7-IV3", 18},
    Release{"3.7-IV4", 19}, Release{"3.8-IV0", 20}, Release{"3.9-IV0", 21}, Release{"4.0-IV0", 22},
    Release{"4.0-IV1", 23}, Release{"4.0-IV2", 24}, Release{"4.0-IV3", 25}, Release{"4.1-IV0", 26},
    Release{"4.1-IV1", 27}, Release{"4.2-IV0", 28}, Release{"4.2-IV1", 29}, Release{"4.3-IV0", 30},
};

// level: from metadata.version `since` on, finalized in new clusters.
struct Feature {
    std::string_view name;
    std::int16_t last = 1;  // the highest level there is
    std::int16_t level = 1;
    std::int16_t since = 0;
};

constexpr std::array feature_table{
    Feature{"eligible.leader.replicas.version", 1, 1, 26},
    Feature{"group.version", 1, 1, 22},
    Feature{"share.version", 1, 1, 28},
    Feature{"streams.version", 1, 1, 29},
    Feature{"transaction.version", 2, 2, 24},
};

// "4.3" of "4.3.1" and of "4.3-IV0".
std::string_view short_name(std::string_view name) {
    const std::size_t dot = name.find('.');
    if (dot == std::string_view::npos) return name;
    return name.substr(0, name.find_first_of(".-", dot + 1));
}

InputError unknown_feature(const std::string& name) {
    std::string known(metadata_version);
    for (const Feature& feature : feature_table)
        known += fmt::format(", {}", feature.name);
    return {"--feature", fmt::format("no feature '{}'", name), "one of " + known, {}};
}

InputError unknown_level(const std::string& name, std::int16_t level, const FeatureRange& range) {
    return {"--feature",
            fmt::format("{} has no level {}", name, level),
            fmt::format("a level from {} to {}", range.first, range.last),
            {}};
}

// metadata.version comes from either flag, not from both.
Expected<std::int16_t, InputError> wanted_version(std::optional<Release> release,
                                                  const FeatureLevels& wanted) {
    const auto level = wanted.find(metadata_version);
    const Release newest = release_table.back();
    if (level == wanted.end()) return release.value_or(newest).level;
    if (find_release(level->second) == nullptr) {
        const FeatureRange range{release_table.front().level, newest.level};
        return Unexpected{unknown_level(level->first, level->second, range)};
    }
    if (release && release->level != level->second) {
        return Unexpected{InputError{
            "--release-version",
            fmt::format("{} and metadata.version={} contradict", release->name, level->second),
            "one of the two",
            {}}};
    }
    return level->second;
}

}  // namespace

std::span<const Release> releases() {
    return release_table;
}

const Release* find_release(std::string_view name) {
    const Release* found = nullptr;
    for (const Release& release : release_table) {
        const bool is_whole = release.name == name;
        const bool is_short = name.find('-') == std::string_view::npos &&
                              short_name(release.name) == short_name(name);
        if (is_whole || is_short) found = &release;
    }
    return found;
}

const Release* find_release(std::int16_t level) {
    const auto at = std::ranges::find(release_table, level, &Release::level);
    return at == release_table.end() ? nullptr : &*at;
}

Expected<FeatureLevels, InputError> initial_levels(std::optional<Release> release,
                                                   const FeatureLevels& wanted) {
    const std::int16_t version = TRY(wanted_version(release, wanted));
    FeatureLevels levels;
    for (const Feature& feature : feature_table) {
        if (feature.since <= version) levels[std::string(feature.name)] = feature.level;
    }
    for (const auto& [name, level] : wanted) {
        if (name == metadata_version) continue;
        const auto feature = std::ranges::find(feature_table, name, &Feature::name);
        if (feature == feature_table.end()) return Unexpected{unknown_feature(name)};
        if (level < 0 || level > feature->last) {
            return Unexpected{unknown_level(name, level, {0, feature->last})};
        }
        levels[name] = level;
    }
    levels[std::string(metadata_version)] = version;
    std::erase_if(levels, [](const auto& one) { return one.second == 0; });
    return levels;
}

}  // namespace glasslog::metadata
