#pragma once

// (epoch, offset) -> 64 bits: open addressing over one flat array, insertion and look-up only.

#include "core/base/ids.hpp"
#include "core/base/random.hpp"

#include <cstdint>
#include <utility>
#include <vector>

namespace glasslog::sim {

class BatchTable {
public:
    // The value of the key; `value` is put there when the key is new.
    std::uint64_t& at_or(LeaderEpoch epoch, Offset base, std::uint64_t value) {
        if ((count_ + 1) * 2 > slots_.size()) grow();
        Slot& slot = find(key_of(epoch, base));
        if (slot.key == no_key) {
            slot = {key_of(epoch, base), value};
            ++count_;
        }
        return slot.value;
    }

private:
    static constexpr std::uint64_t no_key = UINT64_MAX;

    struct Slot {
        std::uint64_t key = no_key;
        std::uint64_t value = 0;
    };

    static std::uint64_t key_of(LeaderEpoch epoch, Offset base) {
        return static_cast<std::uint64_t>(epoch.value()) << 40 ^
               static_cast<std::uint64_t>(base.value());
    }

    Slot& find(std::uint64_t key) {
        const std::size_t mask = slots_.size() - 1;
        std::size_t at = static_cast<std::size_t>(key * 0x9E3779B97F4A7C15 >> 32) & mask;
        while (slots_[at].key != no_key && slots_[at].key != key)
            at = (at + 1) & mask;
        return slots_[at];
    }

    void grow() {
        const std::vector<Slot> old =
            std::exchange(slots_, std::vector<Slot>(slots_.empty() ? 64 : slots_.size() * 2));
        for (const Slot& slot : old) {
            if (slot.key != no_key) find(slot.key) = slot;
        }
    }

    std::vector<Slot> slots_;  // a power of two
    std::size_t count_ = 0;
};

}  // namespace glasslog::sim
