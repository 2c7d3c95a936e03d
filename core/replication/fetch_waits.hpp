#pragma once

// FetchWaits: the Fetches of all reactors that found too little on this one. Each watches its
// partitions here and is told when they brought enough, when one of them has something else to
// say, or when its time is over. They hold no records: whoever waited reads anew. Their number is
// bounded.

#include "core/base/unique_function.hpp"
#include "core/replication/replica.hpp"
#include "core/replication/replica_manager.hpp"
#include "core/runtime/gate.hpp"
#include "core/runtime/runtime.hpp"

#include <map>
#include <vector>

namespace glasslog::replication {

class FetchWaits {
public:
    // find: the replica of a partition, or nullptr.
    FetchWaits(const runtime::Runtime& runtime,
               UniqueFunction<Replica*(const PartitionId&)> find,
               std::size_t count_max);

    void start(WaitRequest request, Answer<WaitEnd> done);

    // As ReplicaManager::cancel_wait.
    void cancel(WaitId id);

    // From a replica, during its step.
    void on_news(const News& news);

    void end_all();

    std::size_t count() const { return waits_.size(); }

private:
    struct Wait {
        WaitRequest request;
        Answer<WaitEnd> done;
        std::uint64_t bytes_come = 0;
        bool is_due = false;
        runtime::Timer timer;
    };

    struct Due {
        WaitId id;
        WaitEnd how = WaitEnd::look;
    };

    void watch(WaitId id, const WaitRequest& request);
    void unwatch(WaitId id, const Wait& wait);
    void end_soon(WaitId id, WaitEnd how);
    void end_due();
    void end(WaitId id, WaitEnd how);

    const runtime::Runtime& runtime_;
    UniqueFunction<Replica*(const PartitionId&)> find_;
    std::size_t count_max_;
    std::map<WaitId, Wait> waits_;
    std::vector<Due> due_;
    runtime::Gate gate_;
};

}  // namespace glasslog::replication
