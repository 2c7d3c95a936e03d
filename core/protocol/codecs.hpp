#pragma once

// One codec each, for compression.cpp only: the libraries stay behind it.

#include "core/protocol/compression.hpp"

#include <span>
#include <vector>

namespace glasslog::protocol::codecs {

using Unpacked = Expected<Bytes, DecompressFault>;

// Output that grows by what was written, up to a limit.
class Output {
public:
    explicit Output(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    // Room behind what was written: at least one byte, unless the limit is reached. Valid until the
    // next call.
    std::span<std::uint8_t> room();

    // Of the room, `count` bytes are now content.
    void written(std::size_t count) { size_ += count; }

    std::size_t size() const { return size_; }

    std::size_t left() const { return bytes_max_ - size_; }

    Bytes finish();

private:
    std::size_t bytes_max_;
    std::vector<std::uint8_t> buffer_;
    std::size_t size_ = 0;
};

Unpacked gunzip(ByteView in, std::size_t bytes_max);
Unpacked unsnappy(ByteView in, std::size_t bytes_max);
Unpacked unlz4(ByteView in, std::size_t bytes_max);
Unpacked unzstd(ByteView in, std::size_t bytes_max);

Bytes gzip(ByteView in, int level);
Bytes snappy(ByteView in);
Bytes lz4(ByteView in, int level);
Bytes zstd(ByteView in, int level);

}  // namespace glasslog::protocol::codecs
