#include "core/base/varint.hpp"

#include <algorithm>
#include <bit>

namespace glasslog {
namespace {

constexpr std::uint64_t zigzag(std::int64_t n) {
    return static_cast<std::uint64_t>(n) << 1 ^ static_cast<std::uint64_t>(n >> 63);
}

constexpr std::int64_t unzigzag(std::uint64_t n) {
    return static_cast<std::int64_t>(n >> 1) ^ -static_cast<std::int64_t>(n & 1);
}

std::optional<Decoded<std::uint64_t>> read_groups(ByteView bytes, unsigned bits) {
    std::uint64_t value = 0;
    const std::size_t bytes_max = (bits + 6) / 7;
    for (std::size_t i = 0; i < std::min(bytes.size(), bytes_max); ++i) {
        const unsigned shift = static_cast<unsigned>(i) * 7;
        const std::uint64_t group = bytes[i] & 0x7F;
        const bool overflows = bits - shift < 7 && group >> (bits - shift) != 0;
        if (overflows) return std::nullopt;
        value |= group << shift;
        if ((bytes[i] & 0x80) == 0) return Decoded<std::uint64_t>{value, i + 1};
    }
    return std::nullopt;
}

}  // namespace

void append_unsigned_varint(std::vector<std::uint8_t>& out, std::uint64_t value) {
    while (value > 0x7F) {
        out.push_back(static_cast<std::uint8_t>(value | 0x80));
        value >>= 7;
    }
    out.push_back(static_cast<std::uint8_t>(value));
}

void append_varint(std::vector<std::uint8_t>& out, std::int64_t value) {
    append_unsigned_varint(out, zigzag(value));
}

std::size_t unsigned_varint_size(std::uint64_t value) {
    const auto bits = static_cast<std::size_t>(std::bit_width(value | 1));
    return (bits + 6) / 7;
}

std::size_t varint_size(std::int64_t value) {
    return unsigned_varint_size(zigzag(value));
}

std::optional<Decoded<std::uint32_t>> read_unsigned_varint(ByteView bytes) {
    const auto raw = read_groups(bytes, 32);
    if (!raw) return std::nullopt;
    return Decoded<std::uint32_t>{static_cast<std::uint32_t>(raw->value), raw->size};
}

std::optional<Decoded<std::int32_t>> read_varint(ByteView bytes) {
    const auto raw = read_groups(bytes, 32);
    if (!raw) return std::nullopt;
    return Decoded<std::int32_t>{static_cast<std::int32_t>(unzigzag(raw->value)), raw->size};
}

std::optional<Decoded<std::int64_t>> read_varlong(ByteView bytes) {
    const auto raw = read_groups(bytes, 64);
    if (!raw) return std::nullopt;
    return Decoded<std::int64_t>{unzigzag(raw->value), raw->size};
}

}  // namespace glasslog
