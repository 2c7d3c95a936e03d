#include "sim/direct/theorems.hpp"

#include <algorithm>
#include <array>

namespace glasslog::sim::direct {
namespace {

constexpr std::array<TheoremName, theorem_count> names{{{"R1", "election_safety"},
                                                        {"R2", "leader_append_only"},
                                                        {"R3", "log_matching"},
                                                        {"R4", "leader_completeness"},
                                                        {"R5", "state_machine_safety"},
                                                        {"R6", "vote_once"},
                                                        {"R7", "commit_monotonic"},
                                                        {"R8", "quorum_backed"},
                                                        {"R9", "no_committed_truncation"},
                                                        {"R10", "config_overlap"},
                                                        {"R11", "linearizable_read"},
                                                        {"R12", "snapshot_prefix"},
                                                        {"R13", "replica_determinism"},
                                                        {"R14", "local_sanity"},
                                                        {"R15", "vote_durable"},
                                                        {"R16", "voter_caught_up"},
                                                        {"R17", "removed_leader_resigns"},
                                                        {"R18", "lone_voter_durable"},
                                                        {"M1", "never_two_leaders_in_same_epoch"},
                                                        {"M2", "epoch_offset_unique"},
                                                        {"M3", "snapshot_at_log_start"},
                                                        {"M6", "only_committed_visible"},
                                                        {"M7", "ready_at_epoch_start"},
                                                        {"R-L1", "eventual_leader"},
                                                        {"R-L2", "no_disruption"},
                                                        {"R-L3", "progress"},
                                                        {"R-L4", "reconfig_not_stuck"}}};

bool is_same(std::string_view left, std::string_view right) {
    const auto lower = [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    return std::ranges::equal(left, right, {}, lower, lower);
}

}  // namespace

TheoremName name_of(Theorem theorem) {
    return names.at(static_cast<std::size_t>(theorem));
}

std::optional<Theorem> find_theorem(std::string_view text) {
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (is_same(text, names[i].id) || is_same(text, names[i].name))
            return static_cast<Theorem>(i);
    }
    return std::nullopt;
}

}  // namespace glasslog::sim::direct
