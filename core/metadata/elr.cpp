#include "core/metadata/elr.hpp"

#include "core/metadata/node_sets.hpp"

namespace glasslog::metadata {

std::vector<NodeId> next_elr(const ElrStep& step) {
    if (static_cast<std::int64_t>(step.isr_after.size()) >= step.min_isr) return {};
    std::vector<NodeId> eligible = step.elr;
    eligible.insert(eligible.end(), step.isr_before.begin(), step.isr_before.end());
    std::sort(eligible.begin(), eligible.end());
    eligible.erase(std::unique(eligible.begin(), eligible.end()), eligible.end());
    return without(without(std::move(eligible), step.isr_after), step.unclean);
}

std::vector<NodeId> next_last_known(const LastKnownStep& step) {
    if (step.leader_after != no_node) return {};
    if (step.is_isr_empty && step.leader_before != no_node) return {step.leader_before};
    return step.last_known;
}

}  // namespace glasslog::metadata
