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
    if (refusal != WireError::none) return {refusal};
    if (level < s_.kraft_version()) return {WireError::invalid_update_version};
    return {};
}

// As it told this leader, and fetches now: a disk that is gone since must not be written.
std::optional<Voter> Stepper::introduced(NodeId id) const {
    if (id == s_.self.id) return own_voter();
    const Leading& leading = s_.leading;
    const auto told = std::find_if(leading.introduced.begin(),
                                   leading.introduced.end(),
                                   [&](const Voter& one) { return one.voter_id == id; });
    const bool fetches =
        std::any_of(leading.voters.begin(), leading.voters.end(), [&](const Progress& one) {
            return one.key.id == id && now_ - one.last_fetch < options_.timing.fetch_timeout;
        });
    if (told == leading.introduced.end() || !fetches) return std::nullopt;
    return *told;
}

// The present voters, as each is known to this leader.
UpgradeReply Stepper::introduce_all(std::int16_t level, VoterSet& target) const {
    std::vector<Voter> voters;
    for (const Voter& voter : s_.voters().all()) {
        const std::optional<Voter> known = introduced(voter.voter_id);
        const KraftRange range = known ? known->kraft_version_feature : KraftRange{};
        const bool can = known && !known->voter_directory_id.is_zero() &&
                         !known->endpoints.empty() && range.min_supported_version <= level &&
                         level <= range.max_supported_version;
        if (!can) return {WireError::invalid_update_version, voter.voter_id};
        voters.push_back(*known);
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
