#include "core/protocol/codecs.hpp"

#include "core/base/check.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <lz4frame.h>
#include <memory>
#include <snappy.h>
#include <zlib.h>
#include <zstd.h>

namespace glasslog::protocol::codecs {
namespace {

constexpr std::size_t first_room = 4096;

Unexpected<DecompressFault> corrupt() {
    return {DecompressFault::corrupt};
}

Unexpected<DecompressFault> too_large() {
    return {DecompressFault::too_large};
}

const char* chars(const std::uint8_t* bytes) {
    return reinterpret_cast<const char*>(bytes);
}

char* chars(std::uint8_t* bytes) {
    return reinterpret_cast<char*>(bytes);
}

// zlib counts in 32 bits.
constexpr std::size_t zlib_step_max = 1U << 30;

struct Inflater {
    Inflater() {
        constexpr int gzip_wrapper = 15 + 16;
        CHECK(inflateInit2(&stream, gzip_wrapper) == Z_OK);
    }

    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;

    ~Inflater() { inflateEnd(&stream); }

    z_stream stream{};
};

// xerial: magic, version and compatible version, then [i32 length][raw block] again and again.
constexpr std::array<std::uint8_t, 16> xerial_header = {
    0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0, 0, 0, 0, 1, 0, 0, 0, 1};
constexpr std::size_t xerial_magic_size = 8;
constexpr std::size_t xerial_block_max = 32768;
constexpr std::size_t length_size = 4;

// The densest snappy element: 3 bytes that copy 64.
constexpr std::size_t snappy_ratio_max = 22;

std::optional<DecompressFault> append_snappy_block(ByteView block, Output& out) {
    std::size_t size = 0;
    if (!::snappy::GetUncompressedLength(chars(block.data()), block.size(), &size) ||
        size / snappy_ratio_max > block.size()) {
        return DecompressFault::corrupt;
    }
    if (size > out.left()) return DecompressFault::too_large;
    std::vector<std::uint8_t> content(size);
    if (!::snappy::RawUncompress(chars(block.data()), block.size(), chars(content.data()))) {
        return DecompressFault::corrupt;
    }
    for (std::size_t copied = 0; copied < size;) {
        const std::span<std::uint8_t> room = out.room();
        const std::size_t step = std::min(room.size(), size - copied);
        std::copy_n(content.data() + copied, step, room.data());
        out.written(step);
        copied += step;
    }
    return std::nullopt;
}

struct Lz4Deleter {
    void operator()(LZ4F_dctx* context) const { LZ4F_freeDecompressionContext(context); }
};

// What the frame's header says; -1 bytes when it is no header of independent blocks.
std::optional<std::size_t> lz4_header_size(LZ4F_dctx* context, ByteView in) {
    LZ4F_frameInfo_t info{};
    std::size_t used = in.size();
    if (LZ4F_isError(LZ4F_getFrameInfo(context, &info, in.data(), &used)) != 0) return std::nullopt;
    if (info.frameType != LZ4F_frame || info.blockMode != LZ4F_blockIndependent)
        return std::nullopt;
    return used;
}

struct ZstdDeleter {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

}  // namespace

std::span<std::uint8_t> Output::room() {
    if (size_ == buffer_.size() && size_ < bytes_max_) {
        const std::size_t wanted = std::max(first_room, buffer_.size() * 2);
        buffer_.resize(std::min(wanted, bytes_max_));
    }
    return std::span(buffer_).subspan(size_);
}

Bytes Output::finish() {
    buffer_.resize(size_);
    return Bytes::from(std::move(buffer_));
}

Unpacked gunzip(ByteView in, std::size_t bytes_max) {
    Inflater inflater;
    z_stream& stream = inflater.stream;
    Output out(bytes_max);
    std::size_t taken = 0;
    for (;;) {
        const std::span<std::uint8_t> room = out.room();
        std::uint8_t beyond_limit = 0;
        const bool is_full = room.empty();
        const std::size_t out_step = is_full ? 1 : std::min(room.size(), zlib_step_max);
        const std::size_t in_step = std::min(in.size() - taken, zlib_step_max);
        stream.next_in = in.data() + taken;
        stream.avail_in = static_cast<uInt>(in_step);
        stream.next_out = is_full ? &beyond_limit : room.data();
        stream.avail_out = static_cast<uInt>(out_step);
        const int result = inflate(&stream, Z_NO_FLUSH);
        const std::size_t found = out_step - stream.avail_out;
        taken += in_step - stream.avail_in;
        if (is_full && found != 0) return too_large();
        if (!is_full) out.written(found);
        if (result == Z_STREAM_END) {
            if (taken == in.size()) return out.finish();
            if (inflateReset(&stream) != Z_OK) return corrupt();  // another member follows
        } else if (result != Z_OK) {
            return corrupt();  // also Z_BUF_ERROR: the input ended inside
        }
    }
}

Unpacked unsnappy(ByteView in, std::size_t bytes_max) {
    Output out(bytes_max);
    const bool is_framed = in.size() >= xerial_header.size() &&
                           std::ranges::equal(in.first(xerial_magic_size),
                                              std::span(xerial_header).first(xerial_magic_size));
    if (!is_framed) {
        if (const auto fault = append_snappy_block(in, out)) return Unexpected{*fault};
        return out.finish();
    }
    ByteView left = in.subspan(xerial_header.size());
    while (!left.empty()) {
        if (left.size() < length_size) return corrupt();
        const auto length = load_be<std::uint32_t>(left.data());
        left = left.subspan(length_size);
        if (length > left.size()) return corrupt();
        if (const auto fault = append_snappy_block(left.first(length), out)) {
            return Unexpected{*fault};
        }
        left = left.subspan(length);
    }
    return out.finish();
}

Unpacked unlz4(ByteView in, std::size_t bytes_max) {
    LZ4F_dctx* raw = nullptr;
    CHECK(LZ4F_isError(LZ4F_createDecompressionContext(&raw, LZ4F_VERSION)) == 0);
    const std::unique_ptr<LZ4F_dctx, Lz4Deleter> context(raw);
    const auto header_size = lz4_header_size(context.get(), in);
    if (!header_size) return corrupt();
    Output out(bytes_max);
    std::size_t taken = *header_size;
    for (;;) {
        const std::span<std::uint8_t> room = out.room();
        std::uint8_t beyond_limit = 0;
        const bool is_full = room.empty();
        std::size_t found = is_full ? 1 : room.size();
        std::size_t used = in.size() - taken;
        const std::size_t hint = LZ4F_decompress(context.get(),
                                                 is_full ? &beyond_limit : room.data(),
                                                 &found,
                                                 in.data() + taken,
                                                 &used,
                                                 nullptr);
        if (LZ4F_isError(hint) != 0) return corrupt();
        taken += used;
        if (is_full && found != 0) return too_large();
        if (!is_full) out.written(found);
        if (hint == 0) {
            if (taken != in.size()) return corrupt();  // one frame is the whole section
            return out.finish();
        }
        if (used == 0 && found == 0) return corrupt();  // the input ended inside
    }
}

Unpacked unzstd(ByteView in, std::size_t bytes_max) {
    const std::unique_ptr<ZSTD_DCtx, ZstdDeleter> context(ZSTD_createDCtx());
    CHECK(context != nullptr);
    constexpr int window_log_lowest = 23;   // 8 MiB
    constexpr int window_log_highest = 27;  // 128 MiB, what level 22 uses
    const int window_log = std::clamp(static_cast<int>(std::bit_width(bytes_max)),
                                      window_log_lowest,
                                      window_log_highest);
    CHECK(ZSTD_isError(ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, window_log)) ==
          0);
    Output out(bytes_max);
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    std::size_t hint = 1;
    while (input.pos < input.size || hint != 0) {
        const std::span<std::uint8_t> room = out.room();
        std::uint8_t beyond_limit = 0;
        const bool is_full = room.empty();
        ZSTD_outBuffer output{is_full ? &beyond_limit : room.data(), is_full ? 1 : room.size(), 0};
        const std::size_t taken_before = input.pos;
        hint = ZSTD_decompressStream(context.get(), &output, &input);
        if (ZSTD_isError(hint) != 0) return corrupt();
        if (is_full && output.pos != 0) return too_large();
        if (!is_full) out.written(output.pos);
        const bool is_stuck = output.pos == 0 && input.pos == taken_before;
        if (is_stuck && hint != 0) return corrupt();  // the input ended inside
    }
    return out.finish();
}

Bytes gzip(ByteView in, int level) {
    z_stream stream{};
    constexpr int gzip_wrapper = 15 + 16;
    constexpr int memory_level = 8;
    CHECK(
        deflateInit2(&stream, level, Z_DEFLATED, gzip_wrapper, memory_level, Z_DEFAULT_STRATEGY) ==
        Z_OK);
    CHECK(in.size() <= zlib_step_max, "{} bytes", in.size());
    std::vector<std::uint8_t> out(deflateBound(&stream, static_cast<uLong>(in.size())));
    stream.next_in = in.data();
    stream.avail_in = static_cast<uInt>(in.size());
    stream.next_out = out.data();
    stream.avail_out = static_cast<uInt>(out.size());
    CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    out.resize(out.size() - stream.avail_out);
    deflateEnd(&stream);
    return Bytes::from(std::move(out));
}

Bytes snappy(ByteView in) {
    std::vector<std::uint8_t> out(xerial_header.begin(), xerial_header.end());
    for (std::size_t at = 0; at < in.size(); at += xerial_block_max) {
        const ByteView block = in.subspan(at, std::min(xerial_block_max, in.size() - at));
        const std::size_t begin = out.size();
        out.resize(begin + length_size + ::snappy::MaxCompressedLength(block.size()));
        std::size_t size = 0;
        ::snappy::RawCompress(chars(block.data()),
                              block.size(),
                              chars(out.data() + begin + length_size),
                              &size);
        store_be(out.data() + begin, static_cast<std::uint32_t>(size));
        out.resize(begin + length_size + size);
    }
    return Bytes::from(std::move(out));
}

Bytes lz4(ByteView in, int level) {
    LZ4F_preferences_t preferences{};
    preferences.frameInfo.blockMode = LZ4F_blockIndependent;
    preferences.frameInfo.blockSizeID = LZ4F_max64KB;
    preferences.compressionLevel = level;
    std::vector<std::uint8_t> out(LZ4F_compressFrameBound(in.size(), &preferences));
    const std::size_t size =
        LZ4F_compressFrame(out.data(), out.size(), in.data(), in.size(), &preferences);
    CHECK(LZ4F_isError(size) == 0);
    out.resize(size);
    return Bytes::from(std::move(out));
}

Bytes zstd(ByteView in, int level) {
    std::vector<std::uint8_t> out(ZSTD_compressBound(in.size()));
    const std::size_t size = ZSTD_compress(out.data(), out.size(), in.data(), in.size(), level);
    CHECK(ZSTD_isError(size) == 0);
    out.resize(size);
    return Bytes::from(std::move(out));
}

}  // namespace glasslog::protocol::codecs
