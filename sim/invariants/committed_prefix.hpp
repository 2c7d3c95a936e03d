#pragma once

// What the quorum has committed, as a ghost that no crash touches: the batches below the highest
// high watermark that a leader ever reached, each with the epoch of the leader that committed it
// first. Several theorems are about this prefix.

#include "sim/invariants/logged_batch.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <vector>

namespace glasslog::sim {

class CommittedPrefix {
public:
    struct Entry {
        LoggedBatch batch;
        LeaderEpoch committed_in;
        std::uint64_t fold = 0;  // of the state machine behind it
    };

    // A leader of `by` says that its log is committed below `upto`. Tells the batch that another
    // leader committed otherwise.
    std::optional<std::string> commit(LeaderEpoch by,
                                      std::span<const LoggedBatch> log,
                                      Offset upto) {
        auto at = std::ranges::lower_bound(log, end(), {}, &LoggedBatch::base);
        if (at != log.begin() && !entries_.empty()) {
            const LoggedBatch& before = *(at - 1);
            const bool is_last = before.end == end() && before.end <= upto;
            if (is_last && before.chain != entries_.back().batch.chain)
                return fmt::format("below {} another log was committed in epoch {}",
                                   end(),
                                   entries_.back().committed_in);
        }
        for (; at != log.end() && at->end <= upto; ++at) {
            const std::uint64_t fold = entries_.empty() ? 0 : entries_.back().fold;
            if (at->base == end()) entries_.push_back({*at, by, fold_after(fold, *at)});
        }
        return std::nullopt;
    }

    Offset end() const { return entries_.empty() ? Offset(0) : entries_.back().batch.end; }

    // nullptr where no committed batch ends, or begins.
    const Entry* ending_at(Offset end) const {
        const auto found = std::ranges::lower_bound(entries_, end, {}, end_of);
        return found != entries_.end() && found->batch.end == end ? &*found : nullptr;
    }

    const Entry* beginning_at(Offset base) const {
        const auto found = std::ranges::lower_bound(entries_, base, {}, base_of);
        return found != entries_.end() && found->batch.base == base ? &*found : nullptr;
    }

    // The last batch that was committed in an epoch below `epoch`.
    const Entry* last_before(LeaderEpoch epoch) const {
        for (auto at = entries_.rbegin(); at != entries_.rend(); ++at) {
            if (at->committed_in < epoch) return &*at;
        }
        return nullptr;
    }

    std::span<const Entry> entries() const { return entries_; }

private:
    static Offset end_of(const Entry& entry) { return entry.batch.end; }

    static Offset base_of(const Entry& entry) { return entry.batch.base; }

    std::vector<Entry> entries_;
};

}  // namespace glasslog::sim
