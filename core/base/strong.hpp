#pragma once

// Strong<Tag, Rep>: an integer that is not any other integer. Compares and prints as its number.

#include <fmt/format.h>

#include <compare>
#include <concepts>
#include <type_traits>

namespace glasslog {

template <typename Tag, std::integral Rep>
class Strong {
public:
    using Representation = Rep;

    constexpr Strong() = default;

    constexpr explicit Strong(Rep value) : value_(value) {}

    constexpr Rep value() const { return value_; }

    friend constexpr auto operator<=>(Strong, Strong) = default;

    // Distances are plain counts: offset + 3, end - begin.
    friend constexpr Strong operator+(Strong left, Rep count) {
        return Strong(static_cast<Rep>(left.value_ + count));
    }

    friend constexpr Strong operator-(Strong left, Rep count) {
        return Strong(static_cast<Rep>(left.value_ - count));
    }

    friend constexpr Rep operator-(Strong left, Strong right) {
        return static_cast<Rep>(left.value_ - right.value_);
    }

    constexpr Strong& operator++() {
        ++value_;
        return *this;
    }

private:
    Rep value_ = 0;
};

template <typename T>
inline constexpr bool is_strong = false;
template <typename Tag, typename Rep>
inline constexpr bool is_strong<Strong<Tag, Rep>> = true;

}  // namespace glasslog

template <typename Tag, typename Rep>
struct fmt::formatter<glasslog::Strong<Tag, Rep>> : fmt::formatter<Rep> {
    template <typename Context>
    auto format(glasslog::Strong<Tag, Rep> id, Context& context) const {
        return fmt::formatter<Rep>::format(id.value(), context);
    }
};
