#pragma once

// Variable-length integers: 7 bits a byte, least significant group first, high bit set on all but
// the last byte. Unsigned for compact lengths and tags; zigzag ((n << 1) ^ (n >> 63)) inside
// records. Source: KIP-482, record format of magic 2.

#include "core/base/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace glasslog {

inline constexpr std::size_t varint32_bytes_max = 5;
inline constexpr std::size_t varint64_bytes_max = 10;

void append_unsigned_varint(std::vector<std::uint8_t>& out, std::uint64_t value);
void append_varint(std::vector<std::uint8_t>& out, std::int64_t value);

std::size_t unsigned_varint_size(std::uint64_t value);
std::size_t varint_size(std::int64_t value);

template <typename T>
struct Decoded {
    T value;
    std::size_t size;  // bytes used
};

// Empty when the bytes end inside, or the number needs more than 32 (64) bits.
std::optional<Decoded<std::uint32_t>> read_unsigned_varint(ByteView bytes);
std::optional<Decoded<std::int32_t>> read_varint(ByteView bytes);
std::optional<Decoded<std::int64_t>> read_varlong(ByteView bytes);

}  // namespace glasslog
