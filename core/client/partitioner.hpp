#pragma once

// Which partition a record goes to, as Java's producer decides it: murmur2 of the key; without a
// key one partition until its batch is full.

#include "core/base/bytes.hpp"
#include "core/base/ids.hpp"

#include <cstdint>

namespace glasslog::client {

// MurmurHash2, 32 bits, seed 0x9747b28c, little-endian words.
std::uint32_t murmur2(ByteView key);

// (murmur2(key) & 0x7fffffff) % partition_count. partition_count: at least 1.
PartitionIndex partition_of_key(ByteView key, std::int32_t partition_count);

}  // namespace glasslog::client
