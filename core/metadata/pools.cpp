#include "core/metadata/pools.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace glasslog::metadata {

namespace {

constexpr std::string_view pools[] = {"background.threads",
                                      "num.io.threads",
                                      "num.network.threads",
                                      "num.recovery.threads.per.data.dir",
                                      "num.replica.fetchers"};

// As Java reads it: with spaces around, and a sign.
std::optional<std::int64_t> parse_size(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t+"), text.size()));
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() ? std::optional(value) : std::nullopt;
}

}  // namespace

std::optional<std::string> pool_complaint(const ConfigLayers& layers,
                                          std::string_view name,
                                          std::string_view value) {
    if (std::ranges::find(pools, name) == std::end(pools)) return std::nullopt;
    const std::optional<std::int64_t> wanted = parse_size(value);
    const std::vector<ConfigEntry> entries = describe_broker(layers);
    const auto at = std::ranges::find(entries, name, &ConfigEntry::name);
    if (!wanted || at == entries.end()) return std::nullopt;
    const std::int64_t present = parse_size(at->value.value_or("")).value_or(0);
    if (*wanted >= present / 2 && *wanted <= present * 2) return std::nullopt;
    return fmt::format("{}: from {} at most to the half or the double, not to {}",
                       name,
                       present,
                       *wanted);
}

}  // namespace glasslog::metadata
