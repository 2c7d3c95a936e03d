#include "core/base/random.hpp"

namespace glasslog {

StableHash& StableHash::add(std::string_view text) {
    return add(as_bytes(text));
}

StableHash& StableHash::add(ByteView bytes) {
    std::size_t at = 0;
    for (; at + 8 <= bytes.size(); at += 8)
        add(load_be<std::uint64_t>(bytes.data() + at));
    std::uint64_t last = 0;
    for (; at < bytes.size(); ++at)
        last = last << 8 | bytes[at];
    add(last);
    return add(static_cast<std::uint64_t>(bytes.size()));  // "a", "" differs from "", "a"
}

std::uint64_t keyed_draw(std::uint64_t seed,
                         std::string_view domain,
                         std::string_view entity,
                         std::uint64_t n) {
    return StableHash().add(seed).add(domain).add(entity).add(n).value();
}

std::uint64_t below(std::uint64_t draw, std::uint64_t bound) {
    CHECK(bound > 0);
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>(static_cast<Wide>(draw) * bound >> 64);
}

std::int64_t between(std::uint64_t draw, std::int64_t low, std::int64_t high) {
    CHECK(low <= high, "low {} high {}", low, high);
    const std::uint64_t span = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
    if (span == UINT64_MAX) return static_cast<std::int64_t>(draw);
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + below(draw, span + 1));
}

}  // namespace glasslog
