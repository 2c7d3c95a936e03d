// The codecs: what goes in comes out, limits hold, damage is refused or decoded.

#include "core/protocol/compression.hpp"

#include "core/base/random.hpp"
#include "tests/support/allocations.hpp"
#include "tests/support/golden.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace glasslog::protocol {
namespace {

constexpr std::array every_codec = {
    Compression::none, Compression::gzip, Compression::snappy, Compression::lz4, Compression::zstd};

// Half text that repeats, half noise.
std::vector<std::uint8_t> content(std::size_t size) {
    std::vector<std::uint8_t> bytes(size);
    for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = i % 200 < 100 ? static_cast<std::uint8_t>('a' + i % 7)
                                 : static_cast<std::uint8_t>(keyed_draw(1, "content", "", i));
    }
    return bytes;
}

TEST(CompressionTest, ComesBackInEverySize) {
    for (const Compression codec : every_codec) {
        for (const std::size_t size :
             {0U, 1U, 100U, 4096U, 32768U, 32769U, 65536U, 65537U, 300'000U}) {
            const std::vector<std::uint8_t> original = content(size);

            const auto back = decompress(codec, compress(codec, original).view(), size);

            ASSERT_TRUE(back.has_value()) << name(codec) << ' ' << size;
            EXPECT_TRUE(std::ranges::equal(back->view(), original)) << name(codec) << ' ' << size;
        }
    }
}

TEST(CompressionTest, RefusesOneByteMoreThanTheLimit) {
    const std::vector<std::uint8_t> original = content(70'000);
    for (const Compression codec : every_codec) {
        const Bytes packed = compress(codec, original);

        EXPECT_EQ(decompress(codec, packed.view(), original.size() - 1).error(),
                  DecompressFault::too_large)
            << name(codec);
        EXPECT_EQ(decompress(codec, packed.view(), 0).error(), DecompressFault::too_large)
            << name(codec);
    }
}

TEST(CompressionTest, ABombCostsNoMoreThanItsLimit) {
    const std::vector<std::uint8_t> zeros(16U << 20);
    constexpr std::size_t limit = 100'000;
    for (const Compression codec : every_codec) {
        const Bytes bomb = compress(codec, zeros);
        const auto before = support::allocations();

        const auto result = decompress(codec, bomb.view(), limit);

        EXPECT_EQ(result.error(), DecompressFault::too_large) << name(codec);
        EXPECT_LE((support::allocations() - before).bytes, 4 * limit) << name(codec);
    }
}

TEST(CompressionTest, EveryLevelComesBack) {
    const std::vector<std::uint8_t> original = content(5000);
    for (const Compression codec : {Compression::gzip, Compression::lz4, Compression::zstd}) {
        const CompressionLevels levels = compression_levels(codec);
        for (int level = std::max(levels.lowest, -3); level <= levels.highest; ++level) {
            const Bytes packed = compress(codec, original, level);
            const auto back = decompress(codec, packed.view(), original.size());
            EXPECT_TRUE(back && std::ranges::equal(back->view(), original)) << name(codec) << level;
        }
    }
}

TEST(CompressionTest, ReadsGzipOfSeveralMembers) {
    const Bytes first = compress(Compression::gzip, as_bytes("one "));
    const Bytes second = compress(Compression::gzip, as_bytes("two"));
    std::vector<std::uint8_t> both(first.view().begin(), first.view().end());
    both.insert(both.end(), second.view().begin(), second.view().end());

    EXPECT_EQ(as_text(decompress(Compression::gzip, both, 100).value().view()), "one two");
}

TEST(CompressionTest, ReadsABareSnappyBlock) {
    const std::vector<std::uint8_t> block{5, 4 << 2, 'h', 'e', 'l', 'l', 'o'};

    EXPECT_EQ(as_text(decompress(Compression::snappy, block, 100).value().view()), "hello");
}

TEST(CompressionTest, WritesXerialSnappyInBlocksOf32KiB) {
    const Bytes packed = compress(Compression::snappy, content(40'000));

    EXPECT_EQ(to_hex(packed.view().first(16)), "82534e41505059000000000100000001");
    const auto first_block = load_be<std::uint32_t>(packed.data() + 16);
    const auto second_block = load_be<std::uint32_t>(packed.data() + 20 + first_block);
    EXPECT_EQ(packed.size(), 16 + 4 + first_block + 4 + second_block);
}

TEST(CompressionTest, WritesLz4AsJavaReadsIt) {
    const Bytes packed = compress(Compression::lz4, content(100'000));

    EXPECT_EQ(to_hex(packed.view().first(4)), "04224d18");
    EXPECT_EQ(packed.data()[4], 0x60);  // version 1, independent blocks, no checksums, no size
    EXPECT_EQ(packed.data()[5], 0x40);  // blocks of 64 KiB
}

TEST(CompressionTest, RefusesLz4WithLinkedBlocks) {
    Bytes packed = compress(Compression::lz4, content(100));
    std::vector<std::uint8_t> linked(packed.view().begin(), packed.view().end());
    linked[4] = 0x40;
    linked[6] = 0xC0;  // its header checksum: (xxh32 of 40 40) >> 8

    EXPECT_EQ(decompress(Compression::lz4, linked, 1000).error(), DecompressFault::corrupt);
}

TEST(CompressionTest, RefusesEveryTruncation) {
    const std::vector<std::uint8_t> original = content(700);
    for (const Compression codec :
         {Compression::gzip, Compression::snappy, Compression::lz4, Compression::zstd}) {
        const Bytes packed = compress(codec, original);
        support::for_each_truncation(packed.view(), [&](ByteView cut) {
            const auto result = decompress(codec, cut, 10'000);
            // A cut between snappy's blocks leaves a shorter, whole stream; zstd takes nothing for
            // an empty one.
            if (result) {
                EXPECT_LT(result->size(), original.size()) << name(codec) << cut.size();
            }
        });
    }
}

TEST(CompressionTest, SurvivesEveryFlippedBit) {
    const std::vector<std::uint8_t> original = content(300);
    constexpr std::size_t limit = 20'000;
    for (const Compression codec :
         {Compression::gzip, Compression::snappy, Compression::lz4, Compression::zstd}) {
        support::for_each_bit_flip(compress(codec, original).view(), [&](ByteView flipped) {
            const auto before = support::allocations();
            const auto result = decompress(codec, flipped, limit);
            EXPECT_LE((support::allocations() - before).bytes, 4 * limit) << name(codec);
            if (result) {
                EXPECT_LE(result->size(), limit) << name(codec);
            }
        });
    }
}

TEST(CompressionTest, NamesAreThoseOfTheConfig) {
    for (const Compression codec : every_codec)
        EXPECT_EQ(compression_named(name(codec)), codec);
    EXPECT_EQ(compression_named("producer"), std::nullopt);
}

}  // namespace
}  // namespace glasslog::protocol
