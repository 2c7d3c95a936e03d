#include "core/trace/index.hpp"

#include <type_traits>

namespace glasslog::trace {
namespace {

template <typename Key>
const EventIndex::Positions& look_up(const std::map<Key, EventIndex::Positions>& map,
                                     const Key& key) {
    static const EventIndex::Positions none;
    const auto found = map.find(key);
    return found == map.end() ? none : found->second;
}

}  // namespace

std::optional<PartitionName> partition_of(const AnyKind& kind) {
    return std::visit(
        [](const auto& k) -> std::optional<PartitionName> {
            if constexpr (requires { k.topic, k.partition; }) {
                return PartitionName{k.topic, k.partition};
            } else {
                return std::nullopt;
            }
        },
        kind);
}

void EventIndex::update(const Timeline& timeline) {
    for (; seen_ < timeline.events().size(); ++seen_) {
        const Event& event = timeline.events()[seen_];
        nodes_[event.node].push_back(seen_);
        kinds_[event.kind.value()].push_back(seen_);
        if (event.cause != no_event) effects_[event.cause].push_back(seen_);
        if (event.second_cause != no_event) effects_[event.second_cause].push_back(seen_);
        const auto kind = decode(event);
        const auto partition = kind ? partition_of(*kind) : std::nullopt;
        if (partition) partitions_[*partition].push_back(seen_);
    }
}

const EventIndex::Positions& EventIndex::of_node(NodeId node) const {
    return look_up(nodes_, node);
}

const EventIndex::Positions& EventIndex::of_partition(const PartitionName& name) const {
    return look_up(partitions_, name);
}

const EventIndex::Positions& EventIndex::of_kind(std::uint16_t number) const {
    return look_up(kinds_, number);
}

const EventIndex::Positions& EventIndex::effects_of(EventId cause) const {
    return look_up(effects_, cause);
}

}  // namespace glasslog::trace
