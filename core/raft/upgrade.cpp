// From the voters of configuration files to voters in the log, while the quorum runs: kraft.version
// goes from 0 to 1 in one batch with the present voters, each with the disk and the endpoints that
// it told this leader (KIP-853; Kafka has it since 4.1). The ids stay, so any majority of before
// meets any majority of after; and it is a change of the voters like others, one at a time.

#include "core/raft/stepper.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::raft {

Voter Stepper::own_voter() const {
    return {.voter_id = s_.self.id,
            .voter_directory_id = s_.self.directory,
            .endpoints = options_.endpoints,
            .kraft_version_feature = options_.kraft_version};
}

// Whether the level may be raised now, by whom it is asked.
UpgradeReply Stepper::upgrade_refusal(std::int16_t level) const {
    const WireError refusal = change_refusal(false);
    if (refusal != WireError::none) return {.error = refusal};
    if (level < s_.kraft_version()) return {.error = WireError::invalid_update_version};
    return {};
}

// What the leader must know of a voter. One that does not fetch may have lost its disk: that must
// not be written.
VoterLack Stepper::lack_of(NodeId id, std::int16_t level) const {
    const Voter* const known = introduced(id);
    const auto is_heard = [&](const Progress& one) {
        return one.key.id == id && now_ - one.last_fetch < options_.timing.fetch_timeout;
    };
    const auto& voters = s_.leading.voters;
    const bool fetches = id == s_.self.id || std::any_of(voters.begin(), voters.end(), is_heard);
    if (!fetches) return VoterLack::does_not_fetch;
    if (known == nullptr || known->voter_directory_id.is_zero() || known->endpoints.empty()) {
        return VoterLack::unknown;
    }
    const KraftRange& range = known->kraft_version_feature;
    const bool can = range.min_supported_version <= level && level <= range.max_supported_version;
    return can ? VoterLack::nothing : VoterLack::too_old;
}

// As it told this leader; null: it did not.
const Voter* Stepper::introduced(NodeId id) const {
    const auto& told = s_.leading.introduced;
    const auto at = std::find_if(told.begin(), told.end(), [&](const Voter& one) {
        return one.voter_id == id;
    });
    return at == told.end() ? nullptr : &*at;
}

// The present voters, as each is known to this leader.
UpgradeReply Stepper::introduce_all(std::int16_t level, VoterSet& target) {
    introduce(own_voter());
    std::vector<Voter> voters;
    for (const Voter& voter : s_.voters().all()) {
        const VoterLack lack = lack_of(voter.voter_id, level);
        if (lack != VoterLack::nothing) {
            return {.error = WireError::invalid_update_version,
                    .voter = voter.voter_id,
                    .lack = lack};
        }
        voters.push_back(*introduced(voter.voter_id));
    }
    target = VoterSet(std::move(voters));
    return {};
}

void Stepper::on(const UpgradeKraftVersion& event) {
    UpgradeReply answer = upgrade_refusal(event.level);
    const bool is_raised = event.level > s_.kraft_version();
    VoterChange change;
    if (answer.error == WireError::none && is_raised) {
        answer = introduce_all(event.level, change.target);
    }
    if (answer.error != WireError::none || !is_raised || event.is_only_checked) {
        fx_.reply.push_back({event.token, answer});
        return;
    }
    change.token = event.token;
    change.kraft_version = event.level;
    append_voters(std::move(change));
}

}  // namespace glasslog::raft
