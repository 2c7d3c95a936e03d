#pragma once

// A change of one partition: what is wanted goes in, the record that brings it about comes out. In
// between: a reassignment may be complete, replicas may become eligible, a leader is elected, the
// leader epoch may rise. Pure. Sources: KIP-455, KIP-631, KIP-858, KIP-966; docs/metadata.md.

#include "core/metadata/elections.hpp"
#include "core/metadata/image.hpp"
#include "core/metadata/rules.hpp"
#include "core/protocol/messages/metadata_records.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace glasslog::metadata {

inline constexpr std::int8_t leader_recovered = 0;
inline constexpr std::int8_t leader_recovering = 1;  // elected uncleanly, truncation not confirmed

// Whose liveness is about to change by the same decision; no_node: nobody's.
struct Presence {
    NodeId leaves = no_node;   // may not lead, whatever the image says
    NodeId returns = no_node;  // may lead, though the image says it is fenced
    NodeId unclean = no_node;  // leaves, and its log may have lost a tail
};

// What holds for the partitions of one topic.
struct ChangeScope {
    const Image& image;
    const Rules& rules;
    bool has_elr = false;
    std::int64_t min_isr = 1;
    ElectionKind election = ElectionKind::online;
    Presence presence;
};

struct PartitionRef {
    Uuid topic;
    PartitionIndex index;

    friend auto operator<=>(const PartitionRef&, const PartitionRef&) = default;
};

// Empty: as it is.
struct PartitionTarget {
    std::optional<std::vector<NodeId>> isr;
    std::optional<std::vector<NodeId>> replicas;
    std::optional<std::vector<NodeId>> adding;
    std::optional<std::vector<NodeId>> removing;
    std::optional<std::int8_t> leader_recovery_state;
    std::optional<std::pair<NodeId, Uuid>> directory;  // where that replica lies
};

// Empty when nothing changes.
std::optional<protocol::PartitionChangeRecord> change_partition(const PartitionRef& which,
                                                                const PartitionState& before,
                                                                const PartitionTarget& target,
                                                                const ChangeScope& scope);

// Applies a record: the partition epoch rises always, the leader epoch when a leader is named.
void apply_change(PartitionState& partition, const protocol::PartitionChangeRecord& change);

constexpr bool is_reassigning(const PartitionState& partition) {
    return !partition.adding_replicas.empty() || !partition.removing_replicas.empty();
}

}  // namespace glasslog::metadata
