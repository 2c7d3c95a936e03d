#pragma once

// Threads for what would block a reactor: syncs, cold reads, work on directories.

#include "core/base/unique_function.hpp"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace glasslog::os {

class WorkerPool {
public:
    using Job = UniqueFunction<void()>;

    explicit WorkerPool(std::int32_t threads);

    // stop().
    ~WorkerPool();

    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    // Any thread. Jobs begin in order and run side by side. The number that waits is bounded by
    // what the reactors have in flight.
    void submit(Job job);

    // Waits for the jobs that run; those that wait are destroyed on the calling thread.
    void stop();

private:
    void work();

    std::mutex mutex_;  // guards the next three
    std::condition_variable changed_;
    std::deque<Job> waiting_;
    bool is_stopping_ = false;

    std::vector<std::thread> threads_;
};

// Starts a thread that takes no signals which end the process: they are for the one that awaits
// them.
std::thread start_thread(UniqueFunction<void()> work);

}  // namespace glasslog::os
