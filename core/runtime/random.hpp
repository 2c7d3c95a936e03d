#pragma once

// Chance, asked by key; the mapping is in core/base/random.hpp.

#include <cstdint>
#include <string_view>

namespace glasslog::runtime {

class Random {
public:
    virtual ~Random() = default;

    // 64 uniform bits. Simulated: keyed_draw(seed, domain, node/entity, n) where the world counts n
    // per (node, domain, entity) across restarts. Real: entropy.
    // domain: a short constant of the code ("election"); entity: whose draw it is ("orders-0").
    virtual std::uint64_t draw(std::string_view domain, std::string_view entity) = 0;
};

}  // namespace glasslog::runtime
