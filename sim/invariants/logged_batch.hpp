#pragma once

// What the checkers of a replicated log know of one batch: where it stands, who wrote it, what it
// says, and a hash of all that stands before it.

#include "core/base/ids.hpp"
#include "core/base/random.hpp"

#include <algorithm>
#include <cstdint>
#include <span>

namespace glasslog::sim {

// digest: names the content. chain: of this batch and all before it. config: names the voters that
// a VotersRecord in it holds; 0 for none.
struct LoggedBatch {
    Offset base;
    Offset end;  // exclusive
    LeaderEpoch epoch;
    std::uint32_t config = 0;
    std::uint64_t digest = 0;
    std::uint64_t chain = 0;
};

inline std::uint64_t chain_after(std::uint64_t chain, const LoggedBatch& batch) {
    return StableHash()
        .add(chain)
        .add(static_cast<std::uint64_t>(batch.end.value()))
        .add(static_cast<std::uint64_t>(batch.epoch.value()))
        .add(batch.digest)
        .value();
}

// The state that a state machine is in after `batch`: it sees contents, not epochs.
inline std::uint64_t fold_after(std::uint64_t fold, const LoggedBatch& batch) {
    return StableHash().add(fold).add(batch.digest).value();
}

// Of a log sorted by offset; nullptr when no batch ends there.
inline const LoggedBatch* batch_ending_at(std::span<const LoggedBatch> log, Offset end) {
    const auto found = std::ranges::lower_bound(log, end, {}, &LoggedBatch::end);
    return found != log.end() && found->end == end ? &*found : nullptr;
}

// nullptr when no batch begins there.
inline const LoggedBatch* batch_at(std::span<const LoggedBatch> log, Offset base) {
    const auto found = std::ranges::lower_bound(log, base, {}, &LoggedBatch::base);
    return found != log.end() && found->base == base ? &*found : nullptr;
}

}  // namespace glasslog::sim
