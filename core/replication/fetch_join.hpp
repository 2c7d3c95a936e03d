#pragma once

// FetchJoin: the Fetches of one reactor. Each reads its partitions in order under one budget of
// bytes, and when that gave too little it is parked: it watches all of its partitions and answers
// when they brought min_bytes together, when one of them has something else to say, or when its
// time is over. What is parked is bounded, and so is what the reading ones may bring: see
// reserved_bytes.

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

    FetchJoin(const runtime::Runtime& runtime, Replicas replicas, std::size_t parked_max);

    FetchTicket start(FetchRequest request, Answer<std::vector<ReadResult>> done);

    // As ReplicaManager::finish.
    void finish(FetchTicket ticket);

    // From a replica, during its step.
    void on_news(const News& news);

    // Everything parked answers with what there is.
    void finish_all();

    std::size_t parked_count() const { return parked_count_; }

    // What the Fetches that read may bring at most: reads of one turn are issued before the first
    // of them is answered, and only the sum says how much is under way.
    std::size_t reserved_bytes() const { return reserved_bytes_; }

private:
    enum class Phase : std::uint8_t { reading, parked, reading_again };

    struct Job {
        FetchRequest request;
        Answer<std::vector<ReadResult>> done;
        std::vector<ReadResult> results;
        std::vector<Offset> seen;  // what each partition could show when it was read
        std::uint64_t bytes = 0;
        std::uint64_t bytes_come = 0;    // while parked
        std::size_t reserved_bytes = 0;  // while reading
        bool has_more_to_say = false;    // an error, or divergence
        bool is_due = false;
        bool is_in_call = true;
        Phase phase = Phase::reading;
        runtime::Timer timer;
    };

    void reserve(Job& job);
    void release(Job& job);
    void read_on(FetchTicket ticket);
    bool read_next(FetchTicket ticket, Job& job);
    bool read_log(FetchTicket ticket, Job& job, Replica& replica, const FetchReply& reply);
    void add(Job& job, ReadResult result, Offset seen);
    void read_done(FetchTicket ticket, Job& job);
    void park(FetchTicket ticket, Job& job);
    void unpark(FetchTicket ticket, Job& job);
    void wake(FetchTicket ticket);
    void wake_due();
    void answer(FetchTicket ticket);
    Job* find(FetchTicket ticket);

    const runtime::Runtime& runtime_;
    Replicas replicas_;
    std::size_t parked_max_;
    std::size_t parked_count_ = 0;
    std::size_t reserved_bytes_ = 0;  // of all jobs
    std::uint64_t last_ticket_ = 0;
    std::map<FetchTicket, std::unique_ptr<Job>> jobs_;
    std::vector<FetchTicket> due_;
    runtime::Gate gate_;
};

}  // namespace glasslog::replication
