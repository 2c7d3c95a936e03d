#pragma once

// The disk of one node in a direct world: a log of batches and a quorum state, each as it is read
// (the page cache) and as it is on the platter. What was not synced is a list of changes that a
// crash undoes from the end.
//
//   log  ......|=========|+++++++       durable_end: all below survives whatever happens
//        log_start   durable_end  log_end

#include "core/raft/types.hpp"
#include "sim/invariants/logged_batch.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace glasslog::sim::direct {

class NodeDisk {
public:
    // How many changes were made in all: what one sync covers.
    struct Point {
        std::uint64_t changes = 0;
        std::uint64_t saves = 0;
    };

    // How many of the changes that were not synced a crash leaves, the oldest first.
    struct Kept {
        std::uint32_t changes = 0;
        std::uint32_t saves = 0;
    };

    void append(const LoggedBatch& batch);
    void truncate(Offset to);
    void save(const raft::QuorumState& quorum);

    // All up to `point` survives from now on.
    void sync(Point point);

    // True when something was lost.
    bool crash(Kept kept);

    // A durable snapshot ends at `end`: the log below is not needed.
    void drop_below(Offset end);

    // The log is replaced by a snapshot that ends at `end`; chain: of all below. Durable at once.
    void begin_at(Offset end, std::uint64_t chain);

    std::span<const LoggedBatch> log() const { return log_; }

    Offset log_start() const { return log_start_; }

    Offset log_end() const { return log_.empty() ? log_start_ : log_.back().end; }

    Offset durable_end() const;

    std::uint64_t last_chain() const { return log_.empty() ? start_chain_ : log_.back().chain; }

    const raft::QuorumState& durable_quorum() const { return durable_quorum_; }

    Point point() const { return point_; }

    std::size_t unsynced_changes() const { return changes_.size(); }

    std::size_t unsynced_saves() const { return saves_.size(); }

private:
    // An append of the batch at `at`, or a cut to [.., at) that removed batches.
    struct Change {
        std::uint64_t number = 0;
        Offset at;
        bool is_cut = false;
        std::vector<LoggedBatch> removed;
    };

    struct Save {
        std::uint64_t number = 0;
        raft::QuorumState quorum;
    };

    void undo(Change& change);
    void cut(Offset to);

    std::vector<LoggedBatch> log_;  // as it is read
    Offset log_start_{0};
    std::uint64_t start_chain_ = 0;
    std::vector<Change> changes_;  // not synced
    std::vector<Save> saves_;      // not synced
    raft::QuorumState durable_quorum_;
    Point point_;
};

}  // namespace glasslog::sim::direct
