#include "core/base/bytes.hpp"

#include "core/base/check.hpp"

#include <algorithm>

namespace glasslog {

ByteView as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string_view as_text(ByteView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Bytes Bytes::from(std::vector<std::uint8_t> data) {
    auto owner = std::make_shared<const std::vector<std::uint8_t>>(std::move(data));
    const ByteView view(*owner);
    return Bytes(std::move(owner), view);
}

Bytes Bytes::copy_of(ByteView view) {
    return from(std::vector<std::uint8_t>(view.begin(), view.end()));
}

Bytes Bytes::sharing(std::shared_ptr<const void> owner, ByteView view) {
    return Bytes(std::move(owner), view);
}

Bytes Bytes::slice(std::size_t begin, std::size_t count) const {
    CHECK(begin <= size(), "begin {} size {}", begin, size());
    CHECK(count <= size() - begin, "begin {} count {} size {}", begin, count, size());
    return Bytes(owner_, view_.subspan(begin, count));
}

bool operator==(const Bytes& a, const Bytes& b) {
    return std::ranges::equal(a.view_, b.view_);
}

std::string to_hex(ByteView bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const std::uint8_t byte : bytes) {
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

}  // namespace glasslog
