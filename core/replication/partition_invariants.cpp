// What holds in every state of a Partition, and across every step of it.

#include "core/replication/partition.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace glasslog::replication {

namespace {

using Broken = std::optional<std::string>;

Broken check_order(const State& state) {
    const bool is_ordered =
        state.log_start <= state.high_watermark && state.high_watermark <= state.local_end &&
        state.local_end <= state.written_end && state.written_end <= state.log_end;
    if (is_ordered) return std::nullopt;
    return fmt::format(
        "offsets are ordered: log start {} <= high watermark {} <= local end {} <= written end {} "
        "<= log end {}",
        state.log_start,
        state.high_watermark,
        state.local_end,
        state.written_end,
        state.log_end);
}

Broken check_uncommitted(const State& state) {
    Offset last = state.high_watermark;
    for (const Uncommitted& batch : state.uncommitted) {
        if (batch.end <= last) return "uncommitted batches lie above the high watermark, in order";
        if (batch.must_sync && batch.end <= state.local_end && batch.end > state.synced_end) {
            return "a batch that must be synced does not count before it is";
        }
        last = batch.end;
    }
    if (!state.uncommitted.empty() && last != state.log_end) {
        return "the last uncommitted batch ends at the log end";
    }
    return std::nullopt;
}

Broken check_parked(const State& state) {
    const bool is_sorted =
        std::is_sorted(state.produces.begin(),
                       state.produces.end(),
                       [](const auto& a, const auto& b) { return a.end < b.end; });
    if (!is_sorted) return "parked produces are in the order of what they wait for";
    for (const ParkedProduce& produce : state.produces) {
        const Offset reached = produce.acks == -1 ? state.high_watermark : state.local_end;
        if (produce.end <= reached) return "no produce is parked that could be answered";
        if (produce.end > state.log_end) return "no produce waits for what was never appended";
    }
    if (state.produces.size() > state.config.parked_max) return "parked produces are bounded";
    if (state.watchers.size() > state.config.parked_max) return "watchers are bounded";
    if (state.is_failed && !state.produces.empty()) return "a failed log parks nobody";
    return std::nullopt;
}

Broken check_epochs(const State& state) {
    if (state.role != Role::leader) return std::nullopt;
    if (state.epochs.latest() != state.leader_epoch) {
        return "the leader's own epoch is the latest of the epoch cache";
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> check_invariants(const State& state) {
    for (const auto check : {check_order, check_uncommitted, check_parked, check_epochs}) {
        if (Broken broken = check(state)) return broken;
    }
    return std::nullopt;
}

std::optional<std::string> check_step(const State& before, const State& after) {
    if (after.log_start < before.log_start) return "the log start never goes back";
    if (after.high_watermark < before.high_watermark) return "the high watermark never goes back";
    if (after.log_end < before.log_end) return "a leader only extends its log";
    if (after.synced_end < before.synced_end) return "what is durable stays durable";
    if (after.leader_epoch < before.leader_epoch) return "leader epochs never go back";
    if (before.is_failed && !after.is_failed) return "a failed log stays failed";
    return std::nullopt;
}

}  // namespace glasslog::replication
