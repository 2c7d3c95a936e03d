#pragma once

// Raft: one replica of the quorum's log as a machine of the first shape: pull-based, as KRaft has
// it. It decides who votes, who leads, what the log holds and what is committed; it knows batches
// by their offsets and never sees bytes. A driver turns effects into calls on disk and network
// (driver.hpp), the simulator's direct depth into values. docs/raft.md draws roles and moves.
// Sources: KIP-595, KIP-630, KIP-853, KIP-996; Raft thesis, chapters 3, 4, 6.
//
//   log_start <= high_watermark <= log_end,  synced_end <= log_end
//   high_watermark: committed below it; only grows in one life
//
// Bodies: roles.cpp, election.cpp, leading.cpp, following.cpp, membership.cpp, snapshots.cpp.

#include "core/base/time.hpp"
#include "core/raft/events.hpp"
#include "core/raft/options.hpp"
#include "core/raft/state.hpp"

#include <optional>
#include <string>

namespace glasslog::raft {

class Raft {
public:
    Raft(Options options, Opened opened);

    // The first event is Start. Time never goes back.
    [[nodiscard]] Effects step(Instant now, const Event& event);

    const State& state() const { return state_; }

    const Options& options() const { return options_; }

private:
    Options options_;
    State state_;
};

// What check_step compares with the state after: small, so that it can be taken before every step.
struct Mark {
    Role role = Role::unattached;
    LeaderEpoch epoch;
    NodeId leader = no_node;
    ReplicaKey voted;
    Offset log_start;
    Offset log_end;
    Offset high_watermark;
};

Mark mark(const State& state);

// Each names the rule that a state, or a step, breaks; empty when all hold.
std::optional<std::string> check_invariants(const State& state);
std::optional<std::string> check_step(const Mark& before, const State& after);

}  // namespace glasslog::raft
