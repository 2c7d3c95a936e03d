#pragma once

// Assertions for what only a bug of ours could break. On in every build.

#include <fmt/format.h>

#include <string>
#include <type_traits>

namespace glasslog::detail {

// Prints "file:line: CHECK failed: what (detail)" to standard error and aborts.
[[noreturn]] void check_failed(const char* file,
                               int line,
                               const char* what,
                               const std::string& detail);

inline std::string check_detail() {
    return {};
}

template <typename... Args>
std::string check_detail(fmt::format_string<Args...> format, Args&&... args) {
    return fmt::format(format, std::forward<Args>(args)...);
}

}  // namespace glasslog::detail

// CHECK(fact) or CHECK(fact, "offset {} end {}", a, b): one fact a line.
#define CHECK(fact, ...)                                                                     \
    do {                                                                                     \
        if (!(fact)) [[unlikely]] {                                                          \
            ::glasslog::detail::check_failed(__FILE__,                                       \
                                             __LINE__,                                       \
                                             #fact,                                          \
                                             ::glasslog::detail::check_detail(__VA_ARGS__)); \
        }                                                                                    \
    } while (false)

#define UNREACHABLE(...)                            \
    ::glasslog::detail::check_failed(__FILE__,      \
                                     __LINE__,      \
                                     "unreachable", \
                                     ::glasslog::detail::check_detail(__VA_ARGS__))
