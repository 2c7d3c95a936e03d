#include "core/protocol/writer.hpp"

#include "core/protocol/limits.hpp"

namespace glasslog::protocol {
namespace {

// What a string may have, without the half of a character at its end. A message that quotes what a
// peer sent may be longer; what changes its meaning by a cut is refused before it is written.
ByteView first_of_text(ByteView text) {
    if (text.size() <= string_bytes_max) return text;
    constexpr std::size_t character_bytes_max = 4;
    const auto is_inside_character = [&](std::size_t at) { return (text[at] & 0xC0) == 0x80; };
    for (std::size_t back = 0; back < character_bytes_max; ++back) {
        if (!is_inside_character(string_bytes_max - back)) {
            return text.first(string_bytes_max - back);
        }
    }
    return text.first(string_bytes_max);  // no UTF-8
}

}  // namespace

void Writer::put(std::string_view, const Uuid& value, const Spec&) {
    append_be(buffer_, value.high);
    append_be(buffer_, value.low);
}

void Writer::put(std::string_view, const std::string& value, const Spec& spec) {
    const ByteView text = first_of_text(as_bytes(value));
    if (is_flexible_ && !spec.is_rigid) {
        append_unsigned_varint(buffer_, text.size() + 1);
    } else {
        append_be(buffer_, static_cast<std::int16_t>(text.size()));
    }
    buffer_.insert(buffer_.end(), text.begin(), text.end());
}

void Writer::put(std::string_view name, const Bytes& value, const Spec&) {
    put_bytes_length(name, value.size());
    buffer_.insert(buffer_.end(), value.view().begin(), value.view().end());
}

void Writer::put(std::string_view name, const Payload& value, const Spec&) {
    put_bytes_length(name, value.size());
    if (!value.empty()) chained_.push_back({buffer_.size(), value});
}

void Writer::put_array_length(std::string_view name, std::size_t count) {
    CHECK(count < INT32_MAX, "{}", name);
    if (is_flexible_) {
        append_unsigned_varint(buffer_, count + 1);
    } else {
        append_be(buffer_, static_cast<std::int32_t>(count));
    }
}

void Writer::put_bytes_length(std::string_view name, std::size_t size) {
    put_array_length(name, size);
}

// The size stands before a body of unknown size: written after it, then moved in front.
void Writer::put_tag_size(std::size_t body_begin) {
    CHECK(chained_.empty() || chained_.back().at <= body_begin);
    std::vector<std::uint8_t> size;
    append_unsigned_varint(size, buffer_.size() - body_begin);
    buffer_.insert(buffer_.begin() + static_cast<std::ptrdiff_t>(body_begin),
                   size.begin(),
                   size.end());
}

Payload Writer::finish() {
    const Bytes all = Bytes::from(std::exchange(buffer_, {}));
    Payload out;
    std::size_t begin = 0;
    for (Chained& chained : std::exchange(chained_, {})) {
        out.append(all.slice(begin, chained.at - begin));
        out.append(std::move(chained.records));
        begin = chained.at;
    }
    out.append(all.slice(begin, all.size() - begin));
    return out;
}

}  // namespace glasslog::protocol
