#include "sim/direct/node_disk.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::sim::direct {

void NodeDisk::append(const LoggedBatch& batch) {
    changes_.push_back({++point_.changes, batch.base, false, {}});
    log_.push_back(batch);
}

void NodeDisk::cut(Offset to) {
    while (!log_.empty() && log_.back().end > to)
        log_.pop_back();
}

void NodeDisk::truncate(Offset to) {
    Change change{++point_.changes, to, true, {}};
    const auto first = std::ranges::upper_bound(log_, to, {}, &LoggedBatch::end);
    change.removed.assign(first, log_.end());
    log_.erase(first, log_.end());
    changes_.push_back(std::move(change));
}

void NodeDisk::save(const raft::QuorumState& quorum) {
    saves_.push_back({++point_.saves, quorum});
}

void NodeDisk::sync(Point point) {
    const auto first_after = std::ranges::find_if(changes_, [&](const Change& change) {
        return change.number > point.changes;
    });
    changes_.erase(changes_.begin(), first_after);
    std::size_t done = 0;
    while (done < saves_.size() && saves_[done].number <= point.saves)
        ++done;
    if (done == 0) return;
    durable_quorum_ = saves_[done - 1].quorum;
    saves_.erase(saves_.begin(), saves_.begin() + static_cast<std::ptrdiff_t>(done));
}

void NodeDisk::undo(Change& change) {
    if (!change.is_cut) return cut(std::max(change.at, log_start_));
    for (const LoggedBatch& batch : change.removed) {
        if (batch.base >= log_end()) log_.push_back(batch);
    }
}

bool NodeDisk::crash(Kept kept) {
    const bool loses = kept.changes < changes_.size() || kept.saves < saves_.size();
    for (std::size_t i = changes_.size(); i > kept.changes; --i)
        undo(changes_[i - 1]);
    if (kept.saves > 0 && !saves_.empty()) {
        const std::size_t last = std::min<std::size_t>(kept.saves, saves_.size()) - 1;
        durable_quorum_ = saves_[last].quorum;
    }
    changes_.clear();
    saves_.clear();
    return loses;
}

void NodeDisk::drop_below(Offset end) {
    const auto first_kept =
        std::ranges::find_if(log_, [&](const LoggedBatch& batch) { return batch.base >= end; });
    if (first_kept != log_.begin()) start_chain_ = (first_kept - 1)->chain;
    log_.erase(log_.begin(), first_kept);
    log_start_ = end;
}

void NodeDisk::begin_at(Offset end, std::uint64_t chain) {
    log_.clear();
    changes_.clear();
    log_start_ = end;
    start_chain_ = chain;
}

Offset NodeDisk::durable_end() const {
    Offset end = log_end();
    for (const Change& change : changes_)
        end = std::min(end, change.at);
    return end;
}

}  // namespace glasslog::sim::direct
