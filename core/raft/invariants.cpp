// What holds in every state of a Raft machine, and across every step of it. What holds between
// nodes stands in sim/invariants.

#include "core/raft/raft.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace glasslog::raft {

namespace {

using Broken = std::optional<std::string>;

Broken check_log(const State& state) {
    if (state.log_start > state.log_end) return "the log starts at or before its end";
    if (state.synced_end > state.log_end) return "what is synced is in the log";
    if (state.high_watermark > state.log_end) return "what is committed is in the log";
    const auto entries = state.epochs.entries();
    if (!entries.empty() && entries.back().epoch > state.epoch) {
        return fmt::format("the log holds no epoch above the node's: {} > {}",
                           entries.back().epoch,
                           state.epoch);
    }
    if (state.snapshot && state.high_watermark < state.snapshot->end) {
        return "a snapshot holds only what is committed";
    }
    return std::nullopt;
}

Broken check_role(const State& state) {
    const bool knows_itself = state.leader == state.self.id;
    if ((state.role == Role::leader) != knows_itself) {
        return "a node says that it leads exactly when it does";
    }
    switch (state.role) {
        case Role::leader:
            if (state.voted != state.self) return "a leader voted for itself";
            return std::nullopt;
        case Role::candidate:
            if (state.voted != state.self) return "a candidate votes for itself";
            return std::nullopt;
        case Role::follower:
            if (state.leader == no_node) return "a follower has a leader";
            return std::nullopt;
        case Role::unattached:
            if (state.leader != no_node) return "an unattached node has no leader";
            return std::nullopt;
        case Role::prospective:
        case Role::resigned:
            return std::nullopt;
    }
    return std::nullopt;
}

// A voter that does not lead will do something, some day.
Broken check_timers(const State& state) {
    if (state.is_failed || state.role == Role::leader || !state.is_voter()) return std::nullopt;
    if (state.role_deadline == Instant::never()) return "a voter that does not lead has a deadline";
    return std::nullopt;
}

Broken check_voters(const State& state) {
    if (state.voter_history.empty()) return "there is always a voter set";
    const bool is_sorted =
        std::is_sorted(state.voter_history.begin(),
                       state.voter_history.end(),
                       [](const VotersAt& a, const VotersAt& b) { return a.offset < b.offset; });
    if (!is_sorted) return "voter sets stand in the order of the log";
    if (state.voter_history.back().offset >= state.log_end) return "voter sets stand in the log";
    return std::nullopt;
}

}  // namespace

Mark mark(const State& state) {
    return {state.role,
            state.epoch,
            state.leader,
            state.voted,
            state.log_start,
            state.log_end,
            state.high_watermark};
}

std::optional<std::string> check_invariants(const State& state) {
    if (state.is_failed) return std::nullopt;
    for (const auto check : {check_log, check_role, check_timers, check_voters}) {
        if (Broken broken = check(state)) return broken;
    }
    return std::nullopt;
}

std::optional<std::string> check_step(const Mark& before, const State& after) {
    if (after.epoch < before.epoch) return "the epoch never goes back";
    if (after.high_watermark < before.high_watermark) return "the high watermark never goes back";
    if (after.log_start < before.log_start) return "the log start never goes back";
    const bool is_same_epoch = after.epoch == before.epoch;
    if (is_same_epoch && before.voted.id != no_node && after.voted != before.voted) {
        return "a vote is given once in an epoch";
    }
    if (is_same_epoch && before.role == Role::leader && after.role == Role::leader &&
        after.log_end < before.log_end) {
        return "a leader only appends";
    }
    const bool left_lead =
        before.role == Role::leader && after.role != Role::leader && after.role != Role::resigned;
    if (is_same_epoch && left_lead) return "a leader leads, or has resigned, for all of its epoch";
    if (is_same_epoch && before.leader != no_node && after.leader != no_node &&
        before.leader != after.leader) {
        return "an epoch has one leader";
    }
    return std::nullopt;
}

}  // namespace glasslog::raft
