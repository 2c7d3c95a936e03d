#pragma once

// Which events concern what: by node, partition, kind and cause.

#include "core/trace/fold.hpp"

#include <map>
#include <string>
#include <vector>

namespace glasslog::trace {

// Positions are indexes into the events of one Timeline, ascending.
class EventIndex {
public:
    using Positions = std::vector<std::size_t>;

    // Takes the events that were appended since the last call. Events filed earlier than that
    // (Timeline::append) need a new index.
    void update(const Timeline& timeline);

    const Positions& of_node(NodeId node) const;
    const Positions& of_partition(const PartitionName& name) const;
    const Positions& of_kind(std::uint16_t number) const;

    // What an event caused, as first or second cause.
    const Positions& effects_of(EventId cause) const;

private:
    std::size_t seen_ = 0;
    std::map<NodeId, Positions> nodes_;
    std::map<PartitionName, Positions> partitions_;
    std::map<std::uint16_t, Positions> kinds_;
    std::map<EventId, Positions> effects_;
};

// The partition that an event speaks of, if any.
std::optional<PartitionName> partition_of(const AnyKind& kind);

}  // namespace glasslog::trace
