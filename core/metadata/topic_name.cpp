#include "core/metadata/topic_name.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace glasslog::metadata {
namespace {

constexpr std::size_t topic_name_bytes_max = 249;

bool is_legal(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

}  // namespace

std::optional<std::string> topic_name_complaint(std::string_view name) {
    if (name.empty()) return "a topic's name must not be empty";
    if (name == "." || name == "..") return "a topic must not be named '.' or '..'";
    if (name.size() > topic_name_bytes_max) {
        return fmt::format("a topic's name has at most {} characters, this one {}",
                           topic_name_bytes_max,
                           name.size());
    }
    if (std::ranges::all_of(name, is_legal)) return std::nullopt;
    return fmt::format("'{}': a topic's name is made of letters, digits, '.', '_' and '-'", name);
}

}  // namespace glasslog::metadata
