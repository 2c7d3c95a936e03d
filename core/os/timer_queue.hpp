#pragma once

// The timers of one reactor, ordered by (Instant, order of setting).

#include "core/os/inbox.hpp"
#include "core/runtime/executor.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace glasslog::os {

class TimerQueue {
public:
    TimerQueue() = default;

    // Timers that are still held become void.
    ~TimerQueue();

    TimerQueue(const TimerQueue&) = delete;
    TimerQueue& operator=(const TimerQueue&) = delete;

    // Destruction of the result takes the timer out.
    std::unique_ptr<runtime::Timer::Pending> add(Instant when, CausedTask task);

    // Sets those aside that are due at `now`; next_due() gives them in order. What is added
    // meanwhile waits for the next round, even if it lies in the past, so that a timer that sets
    // itself again starves nobody. Call it when next_due() gives nothing more.
    void begin_round(Instant now);
    std::optional<CausedTask> next_due();

    // Instant::never() when there is none.
    Instant earliest() const;

    // Destroys all tasks.
    void clear();

private:
    class Entry;

    bool is_before(const Entry& a, const Entry& b) const;
    void place(std::size_t at, Entry* entry);
    void sift_up(std::size_t at);
    void sift_down(std::size_t at);
    void take_out(std::size_t at);
    void forget(Entry& entry);

    std::uint64_t sequence_ = 0;
    std::vector<Entry*> heap_;  // the earliest first; owned by their Timers
    std::vector<Entry*> due_;   // null: cancelled since the round began
    std::size_t next_due_ = 0;
};

}  // namespace glasslog::os
