#include "sim/draws.hpp"

#include <utility>

namespace glasslog::sim {

Draws::Draws(std::uint64_t seed) : seed_(seed), slots_(256) {}

std::uint64_t Draws::key_of(std::string_view domain, NodeId node, std::string_view entity) {
    const std::uint64_t key =
        StableHash()
            .add(domain)
            .add(static_cast<std::uint64_t>(static_cast<std::int64_t>(node.value())))
            .add(entity)
            .value();
    return key == 0 ? 1 : key;
}

std::uint64_t Draws::next(DrawStream& stream) const {
    const std::uint64_t n = stream.count++;
    return StableHash().add(seed_).add(stream.key).add(n).value();
}

std::uint64_t Draws::next(std::uint64_t key) {
    if (used_ * 2 >= slots_.size()) grow();
    Slot& slot = slot_of(key);
    if (slot.key == 0) {
        slot.key = key;
        ++used_;
    }
    const std::uint64_t n = slot.count++;
    return StableHash().add(seed_).add(key).add(n).value();
}

Draws::Slot& Draws::slot_of(std::uint64_t key) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = static_cast<std::size_t>(key) & mask;
    while (slots_[at].key != 0 && slots_[at].key != key)
        at = (at + 1) & mask;
    return slots_[at];
}

void Draws::grow() {
    std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(slots_.size() * 2));
    for (const Slot& slot : old) {
        if (slot.key != 0) slot_of(slot.key) = slot;
    }
}

}  // namespace glasslog::sim
