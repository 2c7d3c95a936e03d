// Vocabulary: each against values from its source, or against an obvious twin.

#include "core/base/crc32c.hpp"
#include "core/base/expected.hpp"
#include "core/base/payload.hpp"
#include "core/base/random.hpp"
#include "core/base/time.hpp"
#include "core/base/unique_function.hpp"
#include "core/base/uuid.hpp"
#include "core/base/varint.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace glasslog {
namespace {

TEST(Crc32cTest, MatchesTheValuesOfRfc3720) {
    EXPECT_EQ(crc32c(std::vector<std::uint8_t>(32, 0)), 0x8A9136AAU);
    EXPECT_EQ(crc32c(std::vector<std::uint8_t>(32, 0xFF)), 0x62A8AB43U);
    EXPECT_EQ(crc32c(as_bytes("123456789")), 0xE3069283U);
}

TEST(Crc32cTest, ContinuesWhereItStopped) {
    const ByteView all = as_bytes("the quick brown fox");

    for (std::size_t cut = 0; cut <= all.size(); ++cut) {
        EXPECT_EQ(crc32c(all.subspan(cut), crc32c(all.first(cut))), crc32c(all)) << cut;
    }
}

TEST(VarintTest, RoundTripsTheEdgesOfEveryLength) {
    for (unsigned bits = 0; bits < 63; ++bits) {
        for (const std::int64_t value :
             {(std::int64_t{1} << bits) - 1, std::int64_t{1} << bits, -(std::int64_t{1} << bits)}) {
            std::vector<std::uint8_t> out;
            append_varint(out, value);

            const auto back = read_varlong(out);

            ASSERT_TRUE(back.has_value());
            EXPECT_EQ(back->value, value);
            EXPECT_EQ(back->size, out.size());
            EXPECT_EQ(varint_size(value), out.size());
            EXPECT_FALSE(read_varlong(ByteView(out).first(out.size() - 1)).has_value());
        }
    }
}

TEST(VarintTest, RefusesMoreBitsThanTheTypeHas) {
    const std::vector<std::uint8_t> thirty_three_bits{0xFF, 0xFF, 0xFF, 0xFF, 0x1F};
    const std::vector<std::uint8_t> thirty_two_bits{0xFF, 0xFF, 0xFF, 0xFF, 0x0F};

    EXPECT_FALSE(read_unsigned_varint(thirty_three_bits).has_value());
    EXPECT_EQ(read_unsigned_varint(thirty_two_bits)->value, 0xFFFFFFFFU);
    EXPECT_FALSE(read_unsigned_varint(std::vector<std::uint8_t>(11, 0x80)).has_value());
}

TEST(UuidTest, PrintsAndParsesAsKafkaDoes) {
    EXPECT_EQ(metadata_topic_id.text(), "AAAAAAAAAAAAAAAAAAAAAQ");
    for (std::uint64_t i = 0; i < 200; ++i) {
        const Uuid id = Uuid::version_4(keyed_draw(1, "a", "", i), keyed_draw(1, "b", "", i));
        EXPECT_NE(id.text().front(), '-');
        EXPECT_EQ(Uuid::parse(id.text()), id);
    }
    EXPECT_FALSE(Uuid::parse("AAAAAAAAAAAAAAAAAAAAAR").has_value());  // bits beyond 128
    EXPECT_FALSE(Uuid::parse("short").has_value());
}

TEST(KeyedRandomTest, EveryPartOfTheKeyMatters) {
    const std::uint64_t base = keyed_draw(7, "latency", "link:1", 3);

    EXPECT_EQ(base, keyed_draw(7, "latency", "link:1", 3));
    EXPECT_NE(base, keyed_draw(8, "latency", "link:1", 3));
    EXPECT_NE(base, keyed_draw(7, "latencyl", "ink:1", 3));
    EXPECT_NE(base, keyed_draw(7, "latency", "link:2", 3));
    EXPECT_NE(base, keyed_draw(7, "latency", "link:1", 4));
}

TEST(KeyedRandomTest, FillsARangeEvenly) {
    std::array<int, 7> hits{};

    for (std::uint64_t n = 0; n < 7000; ++n) {
        ++hits[static_cast<std::size_t>(between(keyed_draw(1, "d", "e", n), -3, 3) + 3)];
    }

    for (const int count : hits)
        EXPECT_NEAR(count, 1000, 150);
}

TEST(PayloadTest, FlattensItsPartsInOrder) {
    Payload payload(Bytes::copy_of(as_bytes("ab")));
    payload.append(Bytes());
    payload.append(Payload(Bytes::copy_of(as_bytes("cde")).slice(1, 2)));

    EXPECT_EQ(payload.size(), 4U);
    EXPECT_EQ(as_text(payload.flatten().view()), "abde");
    EXPECT_EQ(payload.parts().size(), 2U);
}

TEST(UniqueFunctionTest, OwnsWhatCannotBeCopiedWhateverItsSize) {
    struct Large {
        std::unique_ptr<int> value;
        std::array<std::uint64_t, 20> ballast{};
    };

    auto alive = std::make_shared<int>(5);
    {
        UniqueFunction<int()> small = [alive, owned = std::make_unique<int>(2)] {
            return *alive + *owned;
        };
        UniqueFunction<int()> large = [alive, owned = Large{std::make_unique<int>(3)}] {
            return *alive + *owned.value;
        };
        UniqueFunction<int()> moved = std::move(small);
        small = std::move(large);

        EXPECT_EQ(moved(), 7);
        EXPECT_EQ(small(), 8);
        EXPECT_FALSE(static_cast<bool>(large));
    }
    EXPECT_EQ(alive.use_count(), 1);
}

Expected<int, std::string> half(int number) {
    if (number % 2 != 0) return Unexpected{std::string("odd")};
    return number / 2;
}

Expected<int, std::string> quarter(int number) {
    const int once = TRY(half(number));
    return TRY(half(once));
}

TEST(ExpectedTest, TryLeavesWithTheFirstError) {
    EXPECT_EQ(quarter(12).value(), 3);
    EXPECT_EQ(quarter(6).error(), "odd");
    EXPECT_DEATH(quarter(6).value(), "has_value");
}

TEST(TimeTest, InstantsSaturateAtNever) {
    EXPECT_EQ(Instant::never() + Duration::seconds(1), Instant::never());
    EXPECT_EQ(fmt::format("{}", Instant::from_nanoseconds(1'250'000'000)), "1.250s");
}

}  // namespace
}  // namespace glasslog
