#pragma once

// Bytes: an immutable, reference-counted run of bytes; a slice shares its owner's memory.
// ByteView: a view, as a parameter only. Integers on the wire and on disk are big-endian.

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace glasslog {

using ByteView = std::span<const std::uint8_t>;

ByteView as_bytes(std::string_view text);
std::string_view as_text(ByteView bytes);

class Bytes {
public:
    Bytes() = default;

    // Takes the vector; no copy.
    static Bytes from(std::vector<std::uint8_t> data);
    static Bytes copy_of(ByteView view);

    // Shares `owner`, which keeps `view` alive: for buffers that others allocated.
    static Bytes sharing(std::shared_ptr<const void> owner, ByteView view);

    std::size_t size() const { return view_.size(); }

    bool empty() const { return view_.empty(); }

    ByteView view() const { return view_; }

    const std::uint8_t* data() const { return view_.data(); }

    // [begin, begin + count), which must lie inside.
    Bytes slice(std::size_t begin, std::size_t count) const;

    friend bool operator==(const Bytes& a, const Bytes& b);

private:
    Bytes(std::shared_ptr<const void> owner, ByteView view)
        : owner_(std::move(owner)), view_(view) {}

    std::shared_ptr<const void> owner_;
    ByteView view_;
};

template <std::integral T>
constexpr T big_endian(T value) {
    if constexpr (sizeof(T) == 1) {
        return value;
    } else if constexpr (sizeof(T) == 2) {
        return static_cast<T>(__builtin_bswap16(static_cast<std::uint16_t>(value)));
    } else if constexpr (sizeof(T) == 4) {
        return static_cast<T>(__builtin_bswap32(static_cast<std::uint32_t>(value)));
    } else {
        return static_cast<T>(__builtin_bswap64(static_cast<std::uint64_t>(value)));
    }
}

static_assert(std::endian::native == std::endian::little, "big_endian() swaps always");

// Loads a big-endian T from `at`, which has at least sizeof(T) bytes.
template <std::integral T>
T load_be(const std::uint8_t* at) {
    T value;
    std::memcpy(&value, at, sizeof value);
    return big_endian(value);
}

template <std::integral T>
void store_be(std::uint8_t* at, T value) {
    value = big_endian(value);
    std::memcpy(at, &value, sizeof value);
}

// Appends a big-endian T.
template <std::integral T>
void append_be(std::vector<std::uint8_t>& out, T value) {
    const std::size_t at = out.size();
    out.resize(at + sizeof value);
    store_be(out.data() + at, value);
}

// "00ff1a", lower case.
std::string to_hex(ByteView bytes);

}  // namespace glasslog
