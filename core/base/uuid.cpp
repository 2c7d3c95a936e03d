#include "core/base/uuid.hpp"

#include <cstddef>

namespace glasslog {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t text_length = 22;  // 21 digits of 6 bits, then 2 bits in the last one

// Bits [begin, begin + 6) of the id, counted from the left; zeros beyond bit 127.
unsigned six_bits(const Uuid& id, unsigned begin) {
    unsigned value = 0;
    for (unsigned bit = begin; bit < begin + 6; ++bit) {
        value <<= 1;
        if (bit >= 128) continue;
        const std::uint64_t word = bit < 64 ? id.high : id.low;
        value |= static_cast<unsigned>(word >> (63 - bit % 64) & 1);
    }
    return value;
}

}  // namespace

std::optional<Uuid> Uuid::parse(std::string_view text) {
    if (text.size() != text_length) return std::nullopt;
    Uuid id;
    for (std::size_t i = 0; i < text_length; ++i) {
        const std::size_t digit = alphabet.find(text[i]);
        if (digit == std::string_view::npos) return std::nullopt;
        if (i + 1 == text_length) {
            if ((digit & 15) != 0) return std::nullopt;
            id.high = id.high << 2 | id.low >> 62;
            id.low = id.low << 2 | digit >> 4;
        } else {
            id.high = id.high << 6 | id.low >> 58;
            id.low = id.low << 6 | digit;
        }
    }
    return id;
}

Uuid Uuid::version_4(std::uint64_t random_high, std::uint64_t random_low) {
    Uuid id{(random_high & ~std::uint64_t{0xF000}) | 0x4000,
            (random_low & ~(std::uint64_t{3} << 62)) | std::uint64_t{1} << 63};
    constexpr std::uint64_t dash = 62;  // the alphabet's index of '-'
    if (id.high >> 58 == dash) id.high ^= std::uint64_t{1} << 63;
    return id;
}

std::string Uuid::text() const {
    std::string out;
    for (std::size_t i = 0; i < text_length; ++i)
        out += alphabet[six_bits(*this, static_cast<unsigned>(i) * 6)];
    return out;
}

}  // namespace glasslog
