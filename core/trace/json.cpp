#include "core/trace/json.hpp"

#include <fmt/format.h>

#include <cstdint>

namespace glasslog::trace {
namespace {

std::uint8_t byte_at(std::string_view text, std::size_t at) {
    return at < text.size() ? static_cast<std::uint8_t>(text[at]) : 0;
}

// Bytes of the well-formed UTF-8 character at `at`; 0 when there is none. The second byte's range
// excludes overlong forms, surrogates and what lies above U+10FFFF (Unicode, table 3-7).
std::size_t utf8_size(std::string_view text, std::size_t at) {
    const std::uint8_t first = byte_at(text, at);
    if (first < 0x80) return 1;
    if (first < 0xC2 || first > 0xF4) return 0;
    const std::size_t size = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    const std::uint8_t low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    const std::uint8_t high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    const std::uint8_t second = byte_at(text, at + 1);
    if (second < low || second > high) return 0;
    for (std::size_t i = 2; i < size; ++i) {
        if ((byte_at(text, at + i) & 0xC0) != 0x80) return 0;
    }
    return size;
}

}  // namespace

std::string json_string(std::string_view text) {
    std::string out = "\"";
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t size = utf8_size(text, at);
        const std::uint8_t first = byte_at(text, at);
        if (size == 0) {
            out += "\\ufffd";
        } else if (first < 0x20 || first == 0x7F) {
            out += fmt::format("\\u{:04x}", first);
        } else {
            if (first == '"' || first == '\\') out += '\\';
            out += text.substr(at, size);
        }
        at += size == 0 ? 1 : size;
    }
    return out + "\"";
}

}  // namespace glasslog::trace
