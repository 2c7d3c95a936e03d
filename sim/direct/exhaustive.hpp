#pragma once

// Every run of a small world up to a depth: at each state any message may arrive, any timer fire,
// any sync be done, a node crash (with or without what was not synced), restart, or be asked to
// write. A message that is never delivered is a lost one, so that losses need no command. States
// that were seen with as much depth left are not entered again (fingerprint.cpp).

#include "sim/direct/world.hpp"

#include <optional>
#include <vector>

namespace glasslog::sim::direct {

struct ExhaustiveOptions {
    int voters = 3;
    int depth = 12;
    int crashes_max = 1;
    int proposals_max = 1;
    std::uint64_t states_max = 2'000'000;
    bool begins_led = false;  // with a leader that all follow
    raft::Rules rules;
    TheoremSet watched = all_theorems;
};

struct ExhaustiveReport {
    int depth = 0;  // that was seen in full
    std::uint64_t states = 0;
    std::uint64_t steps = 0;
    bool is_complete = true;  // up to the depth that was asked for
    std::optional<Finding> finding;
    std::vector<Command> path;  // to the finding
};

// One depth after the other, so that a finding's path is a shortest one.
ExhaustiveReport explore_all(const ExhaustiveOptions& options);

}  // namespace glasslog::sim::direct
