#pragma once

// Inbox: how tasks of other threads reach a reactor. The one queue with a lock.

#include "core/runtime/executor.hpp"
#include "core/runtime/trace.hpp"

#include <cstddef>
#include <mutex>
#include <vector>

namespace glasslog::os {

// A task and the event under which it was asked for.
struct CausedTask {
    runtime::Task task;
    runtime::EventId cause = runtime::no_event;
};

class Inbox {
public:
    // senders: reactors, each with a bounded queue of its own into this inbox.
    Inbox(std::size_t senders, std::size_t messages_max);

    enum class Pushed {
        first,  // the inbox was empty: wake the reactor
        more,
        full,  // not taken
    };

    // Any thread.
    Pushed push_from(std::size_t sender, CausedTask&& message);

    // Any thread; unbounded: completions, as many as operations were issued, and strangers.
    Pushed push(CausedTask&& message);

    // Swaps all that waits, in order of arrival, with the empty `out`.
    void take(std::vector<CausedTask>& out);

private:
    const std::size_t messages_max_;

    std::mutex mutex_;  // guards what follows
    std::vector<CausedTask> waiting_;
    std::vector<std::size_t> waiting_from_;  // for each sender
};

}  // namespace glasslog::os
