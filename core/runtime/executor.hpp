#pragma once

// Where a node's code runs: the tasks and timers of one reactor.

#include "core/base/time.hpp"
#include "core/base/unique_function.hpp"

#include <memory>
#include <utility>

namespace glasslog::runtime {

using Task = UniqueFunction<void()>;

// A timer that has not fired yet; its destruction cancels it.
class Timer {
public:
    class Pending {
    public:
        virtual ~Pending() = default;
    };

    Timer() = default;

    explicit Timer(std::unique_ptr<Pending> pending) : pending_(std::move(pending)) {}

    void cancel() { pending_.reset(); }

    // True from at() until cancel(), also after it fired.
    bool is_armed() const { return pending_ != nullptr; }

private:
    std::unique_ptr<Pending> pending_;
};

// One thread of one reactor: tasks run one at a time, each to its end.
class Executor {
public:
    virtual ~Executor() = default;

    // Runs after the current task, in the order of posting.
    virtual void post(Task task) = 0;

    // Runs not before `when`; a past Instant means as soon as possible. Timers of the same Instant
    // run in any order.
    [[nodiscard]] virtual Timer at(Instant when, Task task) = 0;
};

}  // namespace glasslog::runtime
