#pragma once

// The codecs of record batches behind one pair of functions. What is read: gzip of several members,
// snappy in the xerial framing or as one raw block, LZ4 frames with independent blocks, zstd
// frames. What is written: one gzip member, xerial snappy in blocks of 32 KiB, an LZ4 frame with
// independent blocks of 64 KiB and no checksums, one zstd frame.

#include "core/base/bytes.hpp"
#include "core/base/expected.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace glasslog::protocol {

// Numbers as in the attributes of a batch; 5 to 7 are reserved.
enum class Compression : std::uint8_t { none = 0, gzip = 1, snappy = 2, lz4 = 3, zstd = 4 };

// "gzip", as in compression.type.
std::string_view name(Compression codec);
std::optional<Compression> compression_named(std::string_view name);

// Levels that a codec accepts, both ends included; snappy and none have one level, 0.
struct CompressionLevels {
    int lowest = 0;
    int highest = 0;
    int usual = 0;
};

CompressionLevels compression_levels(Compression codec);

enum class DecompressFault : std::uint8_t {
    corrupt,
    too_large,  // the content is larger than the caller allows
};

// The content, at most bytes_max of it. Memory grows with what is found, never with an announced
// size; beside the result a zstd window of at most max(bytes_max, 8 MiB) is used.
Expected<Bytes, DecompressFault> decompress(Compression codec, ByteView in, std::size_t bytes_max);

// level: one of compression_levels(codec); empty: the usual one.
Bytes compress(Compression codec, ByteView in, std::optional<int> level = {});

}  // namespace glasslog::protocol
