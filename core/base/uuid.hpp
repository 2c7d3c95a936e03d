#pragma once

// 128-bit ids of topics, directories and clusters. Text form: 22 characters of unpadded URL-safe
// base64, as Kafka prints them.

#include <fmt/format.h>

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace glasslog {

struct Uuid {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    static std::optional<Uuid> parse(std::string_view text);

    // A version-4 id made of 128 random bits; Kafka never uses one whose text begins with '-'.
    static Uuid version_4(std::uint64_t random_high, std::uint64_t random_low);

    bool is_zero() const { return high == 0 && low == 0; }

    std::string text() const;

    friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

inline constexpr Uuid metadata_topic_id{0, 1};  // of __cluster_metadata

}  // namespace glasslog

template <>
struct fmt::formatter<glasslog::Uuid> : fmt::formatter<std::string_view> {
    auto format(const glasslog::Uuid& id, format_context& context) const {
        return fmt::formatter<std::string_view>::format(id.text(), context);
    }
};
