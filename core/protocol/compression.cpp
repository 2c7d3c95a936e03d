#include "core/protocol/compression.hpp"

#include "core/base/check.hpp"
#include "core/protocol/codecs.hpp"

#include <array>

namespace glasslog::protocol {
namespace {

constexpr std::array<std::string_view, 5> names = {"none", "gzip", "snappy", "lz4", "zstd"};

}  // namespace

std::string_view name(Compression codec) {
    return names[static_cast<std::size_t>(codec)];
}

std::optional<Compression> compression_named(std::string_view name) {
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == name) return static_cast<Compression>(i);
    }
    return std::nullopt;
}

CompressionLevels compression_levels(Compression codec) {
    switch (codec) {
        case Compression::none:
        case Compression::snappy:
            return {};
        case Compression::gzip:
            return {1, 9, 6};
        case Compression::lz4:
            return {1, 17, 1};  // the fast mode; from 3 on the dense one
        case Compression::zstd:
            return {-131072, 22, 3};
    }
    UNREACHABLE("{}", static_cast<int>(codec));
}

Expected<Bytes, DecompressFault> decompress(Compression codec, ByteView in, std::size_t bytes_max) {
    switch (codec) {
        case Compression::none:
            if (in.size() > bytes_max) return Unexpected{DecompressFault::too_large};
            return Bytes::copy_of(in);
        case Compression::gzip:
            return codecs::gunzip(in, bytes_max);
        case Compression::snappy:
            return codecs::unsnappy(in, bytes_max);
        case Compression::lz4:
            return codecs::unlz4(in, bytes_max);
        case Compression::zstd:
            return codecs::unzstd(in, bytes_max);
    }
    UNREACHABLE("{}", static_cast<int>(codec));
}

Bytes compress(Compression codec, ByteView in, std::optional<int> level) {
    const CompressionLevels levels = compression_levels(codec);
    const int chosen = level.value_or(levels.usual);
    CHECK(chosen >= levels.lowest, "{} level {}", name(codec), chosen);
    CHECK(chosen <= levels.highest, "{} level {}", name(codec), chosen);
    switch (codec) {
        case Compression::none:
            return Bytes::copy_of(in);
        case Compression::gzip:
            return codecs::gzip(in, chosen);
        case Compression::snappy:
            return codecs::snappy(in);
        case Compression::lz4:
            return codecs::lz4(in, chosen);
        case Compression::zstd:
            return codecs::zstd(in, chosen);
    }
    UNREACHABLE("{}", static_cast<int>(codec));
}

}  // namespace glasslog::protocol
