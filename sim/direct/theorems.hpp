#pragma once

// The theorems of sim/invariants that a direct world is held against, and the first that broke.
// Each is fed where its facts arise; all are incremental.

#include "sim/invariants/committed_prefix.hpp"
#include "sim/invariants/election_safety.hpp"
#include "sim/invariants/epoch_offset_unique.hpp"
#include "sim/invariants/log_matching.hpp"
#include "sim/invariants/never_two_leaders_in_same_epoch.hpp"
#include "sim/invariants/vote_once.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace glasslog::sim::direct {

// Named after their files in sim/invariants; docs/simulator.md lists their ids.
enum class Theorem : std::uint8_t {
    election_safety,
    leader_append_only,
    log_matching,
    leader_completeness,
    state_machine_safety,
    vote_once,
    commit_monotonic,
    quorum_backed,
    no_committed_truncation,
    config_overlap,
    linearizable_read,
    snapshot_prefix,
    replica_determinism,
    local_sanity,
    vote_durable,
    voter_caught_up,
    removed_leader_resigns,
    lone_voter_durable,
    never_two_leaders_in_same_epoch,
    epoch_offset_unique,
    snapshot_at_log_start,
    only_committed_visible,
    ready_at_epoch_start,
    eventual_leader,
    no_disruption,
    progress,
    reconfig_not_stuck,
};

inline constexpr std::size_t theorem_count = 27;

struct TheoremName {
    std::string_view id;    // "R1"
    std::string_view name;  // "election_safety"
};

TheoremName name_of(Theorem theorem);

// By id or name, in any case of letters.
std::optional<Theorem> find_theorem(std::string_view text);

// Which theorems are watched: bit i stands for Theorem i.
using TheoremSet = std::uint32_t;
inline constexpr TheoremSet all_theorems = (1U << theorem_count) - 1;

constexpr TheoremSet set_of(Theorem theorem) {
    return 1U << static_cast<unsigned>(theorem);
}

// A theorem that does not hold, and the step at which it broke.
struct Finding {
    Theorem theorem = Theorem::election_safety;
    std::string text;
    std::uint64_t event = 0;
};

// The ghosts of one run.
struct Theorems {
    TheoremSet watched = all_theorems;
    std::optional<Finding> first;

    CommittedPrefix committed;
    ElectionSafety elections;
    NeverTwoLeadersInSameEpoch beliefs;
    VoteOnce votes;
    LogMatching logs;
    EpochOffsetUnique sent;

    // Keeps the first breach of a theorem that is watched.
    void note(Theorem theorem, std::optional<std::string> breach, std::uint64_t event) {
        if (!breach || first || (watched & set_of(theorem)) == 0) return;
        first = Finding{theorem, std::move(*breach), event};
    }
};

}  // namespace glasslog::sim::direct
