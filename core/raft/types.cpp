#include "core/raft/types.hpp"

namespace glasslog::raft {

namespace {

bool has_lower_id(const Voter& voter, NodeId id) {
    return voter.voter_id < id;
}

}  // namespace

VoterSet::VoterSet(std::vector<Voter> voters) : voters_(std::move(voters)) {
    std::stable_sort(voters_.begin(), voters_.end(), [](const Voter& a, const Voter& b) {
        return a.voter_id < b.voter_id;
    });
    const auto same = [](const Voter& a, const Voter& b) { return a.voter_id == b.voter_id; };
    voters_.erase(std::unique(voters_.begin(), voters_.end(), same), voters_.end());
}

const Voter* VoterSet::find(NodeId id) const {
    const auto at = std::lower_bound(voters_.begin(), voters_.end(), id, has_lower_id);
    return at != voters_.end() && at->voter_id == id ? &*at : nullptr;
}

bool VoterSet::contains(const ReplicaKey& key) const {
    const Voter* voter = find(key.id);
    if (voter == nullptr) return false;
    return voter->voter_directory_id.is_zero() || voter->voter_directory_id == key.directory;
}

VoterSet VoterSet::with(Voter voter) const {
    VoterSet changed = without(voter.voter_id);
    const auto at = std::lower_bound(changed.voters_.begin(),
                                     changed.voters_.end(),
                                     voter.voter_id,
                                     has_lower_id);
    changed.voters_.insert(at, std::move(voter));
    return changed;
}

VoterSet VoterSet::without(NodeId id) const {
    VoterSet changed = *this;
    std::erase_if(changed.voters_, [&](const Voter& voter) { return voter.voter_id == id; });
    return changed;
}

}  // namespace glasslog::raft
