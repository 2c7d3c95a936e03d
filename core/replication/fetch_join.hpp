#pragma once

// FetchJoin: the Fetches of one reactor while they read. Each reads its partitions in order under
// one budget of bytes and answers; whoever found too little there waits in FetchWaits.

#include "core/base/unique_function.hpp"
#include "core/replication/replica.hpp"
#include "core/replication/replica_manager.hpp"
#include "core/runtime/gate.hpp"
#include "core/runtime/runtime.hpp"

#include <map>
#include <memory>
#include <vector>

namespace glasslog::replication {

class FetchJoin {
public:
    // find: the replica of a partition, or nullptr. missing: what to answer without one.
    struct Replicas {
        UniqueFunction<Replica*(const PartitionId&)> find;
        UniqueFunction<WireError(const PartitionId&)> missing;
    };

    FetchJoin(const runtime::Runtime& runtime, Replicas replicas);

    void start(FetchRequest request, Answer<std::vector<ReadResult>> done);

private:
    using Ticket = Strong<struct FetchTicketTag, std::uint64_t>;

    struct Job {
        FetchRequest request;
        Answer<std::vector<ReadResult>> done;
        std::vector<ReadResult> results;
        std::uint64_t bytes = 0;
        bool is_in_call = true;

        void add(ReadResult result) {
            bytes += result.records.size();
            results.push_back(std::move(result));
        }
    };

    void read_on(Ticket ticket);
    bool read_next(Ticket ticket, Job& job);
    bool read_log(Ticket ticket, Job& job, Replica& replica, const FetchReply& reply);
    void answer(Ticket ticket);
    Job* find(Ticket ticket);

    const runtime::Runtime& runtime_;
    Replicas replicas_;
    std::uint64_t last_ticket_ = 0;
    std::map<Ticket, std::unique_ptr<Job>> jobs_;
    runtime::Gate gate_;
};

}  // namespace glasslog::replication
