#include "core/cli/json.hpp"

namespace glasslog::cli {
namespace {

// Continuation bytes after `first`, or -1 when no character begins with it. RFC 3629.
int continuation_count(std::uint8_t first) {
    if (first < 0x80) return 0;
    if (first >= 0xc2 && first <= 0xdf) return 1;
    if (first >= 0xe0 && first <= 0xef) return 2;
    if (first >= 0xf0 && first <= 0xf4) return 3;
    return -1;
}

// Refuses over-long forms, surrogates and what lies above U+10FFFF by the second byte.
bool is_second_right(std::uint8_t first, std::uint8_t second) {
    if (first == 0xe0) return second >= 0xa0;
    if (first == 0xed) return second <= 0x9f;
    if (first == 0xf0) return second >= 0x90;
    if (first == 0xf4) return second <= 0x8f;
    return true;
}

}  // namespace

bool is_utf8(ByteView bytes) {
    for (std::size_t at = 0; at < bytes.size();) {
        const std::uint8_t first = bytes[at++];
        const int count = continuation_count(first);
        if (count < 0 || bytes.size() - at < static_cast<std::size_t>(count)) return false;
        if (count > 0 && !is_second_right(first, bytes[at])) return false;
        for (int i = 0; i < count; ++i) {
            if ((bytes[at++] & 0xc0) != 0x80) return false;
        }
    }
    return true;
}

std::string to_text(const Json& json) {
    return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

std::string to_line(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json json_of(const std::optional<Bytes>& bytes) {
    if (!bytes.has_value()) return {};
    if (is_utf8(bytes->view())) return std::string(as_text(bytes->view()));
    Json hex;
    hex["hex"] = to_hex(bytes->view());
    return hex;
}

}  // namespace glasslog::cli
