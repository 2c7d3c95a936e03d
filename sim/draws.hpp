#pragma once

// Keyed chance with its counts: the n-th draw of a key is a hash of (seed, key, n), and the world
// keeps n for ever, across restarts. One more draw of one key moves no other.

#include "core/base/ids.hpp"
#include "core/base/random.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace glasslog::sim {

// A key whose count its owner keeps: of a link, a file, a pair of reactors.
struct DrawStream {
    std::uint64_t key = 0;
    std::uint64_t count = 0;
};

// model keyed/1: key = H(domain, node, entity), value = H(seed, key, n).
class Draws {
public:
    explicit Draws(std::uint64_t seed);

    static std::uint64_t key_of(std::string_view domain, NodeId node, std::string_view entity);

    std::uint64_t next(DrawStream& stream) const;

    // Looks the count up.
    std::uint64_t next(std::uint64_t key);

    std::uint64_t next(std::string_view domain, NodeId node, std::string_view entity) {
        return next(key_of(domain, node, entity));
    }

    std::uint64_t seed() const { return seed_; }

private:
    struct Slot {
        std::uint64_t key = 0;  // 0: free
        std::uint64_t count = 0;
    };

    Slot& slot_of(std::uint64_t key);
    void grow();

    std::uint64_t seed_;
    std::vector<Slot> slots_;  // open addressing; never iterated in its own order
    std::size_t used_ = 0;
};

}  // namespace glasslog::sim
