#include "core/client/partitioner.hpp"

#include "core/base/check.hpp"

namespace glasslog::client {
namespace {

constexpr std::uint32_t seed = 0x9747b28c;
constexpr std::uint32_t multiplier = 0x5bd1e995;
constexpr int shift = 24;

std::uint32_t load_little_endian(const std::uint8_t* at) {
    return static_cast<std::uint32_t>(at[0]) | static_cast<std::uint32_t>(at[1]) << 8 |
           static_cast<std::uint32_t>(at[2]) << 16 | static_cast<std::uint32_t>(at[3]) << 24;
}

}  // namespace

std::uint32_t murmur2(ByteView key) {
    std::uint32_t hash = seed ^ static_cast<std::uint32_t>(key.size());
    std::size_t at = 0;
    for (; at + 4 <= key.size(); at += 4) {
        std::uint32_t word = load_little_endian(key.data() + at) * multiplier;
        word = (word ^ (word >> shift)) * multiplier;
        hash = (hash * multiplier) ^ word;
    }
    if (at < key.size()) {
        for (std::size_t i = key.size(); i > at; --i)
            hash ^= static_cast<std::uint32_t>(key[i - 1]) << (8 * (i - 1 - at));
        hash *= multiplier;
    }
    hash = (hash ^ (hash >> 13)) * multiplier;
    return hash ^ (hash >> 15);
}

PartitionIndex partition_of_key(ByteView key, std::int32_t partition_count) {
    CHECK(partition_count > 0);
    const auto positive = static_cast<std::int32_t>(murmur2(key) & 0x7fffffff);
    return PartitionIndex{positive % partition_count};
}

}  // namespace glasslog::client
