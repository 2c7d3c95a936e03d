#include "core/os/worker_pool.hpp"

#include <csignal>

namespace glasslog::os {

WorkerPool::WorkerPool(std::int32_t threads) {
    for (std::int32_t i = 0; i < threads; ++i)
        threads_.push_back(start_thread([this] { work(); }));
}

WorkerPool::~WorkerPool() {
    stop();
}

void WorkerPool::submit(Job job) {
    const std::lock_guard guard(mutex_);
    if (is_stopping_) return;
    waiting_.push_back(std::move(job));
    changed_.notify_one();
}

void WorkerPool::stop() {
    {
        const std::lock_guard guard(mutex_);
        is_stopping_ = true;
        changed_.notify_all();
    }
    for (std::thread& thread : threads_)
        thread.join();
    threads_.clear();
    waiting_.clear();
}

void WorkerPool::work() {
    while (true) {
        Job job;
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [this] { return is_stopping_ || !waiting_.empty(); });
            if (is_stopping_) return;
            job = std::move(waiting_.front());
            waiting_.pop_front();
        }
        job();
    }
}

std::thread start_thread(UniqueFunction<void()> work) {
    sigset_t ending;
    sigset_t before;
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGHUP);
    // A thread begins with its creator's mask: set inside, it would come too late for some signal.
    pthread_sigmask(SIG_BLOCK, &ending, &before);
    std::thread thread([work = std::move(work)]() mutable { work(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return thread;
}

}  // namespace glasslog::os
