#pragma once

// Eligible leader replicas: who may lead when the in-sync set is empty, because everything that
// was ever committed is in its log. As long as |ISR| >= min ISR, records can be committed, and only
// the ISR has them all. Below it nothing is committed, so who leaves then stays eligible. Source:
// KIP-966; docs/metadata.md, "Eligible leader replicas".

#include "core/base/ids.hpp"

#include <cstdint>
#include <vector>

namespace glasslog::metadata {

// A change of a partition's in-sync set. unclean: came back without a clean shutdown.
struct ElrStep {
    std::vector<NodeId> elr;
    std::vector<NodeId> isr_before;
    std::vector<NodeId> isr_after;
    std::vector<NodeId> unclean;
    std::int64_t min_isr = 1;  // at most the number of replicas
};

// The ELR after the step, sorted. Empty when |ISR| >= min ISR; otherwise who was in the ELR or the
// ISR, is not in the ISR now, and kept its log.
std::vector<NodeId> next_elr(const ElrStep& step);

// Who led last, remembered while nobody leads and the ISR is empty.
struct LastKnownStep {
    std::vector<NodeId> last_known;
    NodeId leader_before = no_node;
    NodeId leader_after = no_node;
    bool is_isr_empty = false;  // after
};

std::vector<NodeId> next_last_known(const LastKnownStep& step);

}  // namespace glasslog::metadata
