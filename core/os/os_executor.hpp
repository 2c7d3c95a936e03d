#pragma once

// One reactor's thread: an Asio context, the tasks and timers that run on it, and the inbox of
// other threads.

#include "core/os/inbox.hpp"
#include "core/os/os_clock.hpp"
#include "core/os/timer_queue.hpp"
#include "core/runtime/executor.hpp"
#include "core/runtime/trace.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

namespace glasslog::os {

class OsExecutor final : public runtime::Executor {
public:
    struct Options {
        std::size_t senders = 1;
        std::size_t messages_max = 0;
    };

    OsExecutor(const OsClock& clock, runtime::Trace& trace, Options options);

    // Destroys what waits.
    ~OsExecutor() override;

    // --- on the reactor's thread, or on any single one while the reactor does not run

    void post(runtime::Task task) override;
    runtime::Timer at(Instant when, runtime::Task task) override;

    runtime::Timer after(Duration delay, runtime::Task task) {
        return at(clock_.now() + delay, std::move(task));
    }

    // Calls `callback` as a completion of something that was asked for under `cause`.
    template <typename F>
    void run_under(runtime::EventId cause, F&& callback) {
        trace_.set_current_cause(cause);
        callback();
        trace_.set_current_cause(runtime::no_event);
    }

    // What every handler of an Asio operation runs in. What it posts follows at once, for some
    // rounds, before the sockets are asked again: that saves a system call for each message.
    template <typename F>
    void handle(F&& handler) {
        is_handling_ = true;
        handler();
        finish_handling();
    }

    // Of what is asked for now: the event being handled. A timer's task has the cause under which
    // the timer was armed, but hands it on to nothing: what arms itself again and again, or asks
    // again whenever it is answered, would name its first cause for ever.
    runtime::EventId cause() const {
        const runtime::EventId current = trace_.current_cause();
        return current == timer_cause_ ? runtime::no_event : current;
    }

    runtime::Trace& trace() { return trace_; }

    boost::asio::io_context& context() { return asio_->context; }

    // --- on any thread

    // False when `sender` has too many messages waiting here.
    bool post_message(std::size_t sender, runtime::Task&& message, runtime::EventId cause);
    void post_from_outside(runtime::Task task, runtime::EventId cause = runtime::no_event);

    // Ends run() after the current task.
    void stop();

    // --- the node's own

    // Until stop().
    void run();

    // Runs what is ready; waits for at most `wait` when nothing is. True when something ran.
    bool run_some(Duration wait);

    bool is_stopped() const { return is_stopped_.load(std::memory_order_relaxed); }

    // Destroys all tasks, timers and socket operations that wait, and what they post while they are
    // destroyed. No socket may be left. Nothing runs afterwards.
    void close();

private:
    struct Asio {
        boost::asio::io_context context{1};  // one thread
        boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{
            context.get_executor()};
        boost::asio::steady_timer alarm{context};
    };

    void clear();
    void check_thread() const;
    void run_task(CausedTask& task);
    void run_batch(std::vector<CausedTask>& batch);
    void wake_for_posts();
    void run_posted();
    void finish_handling();
    void wake_for_inbox();
    void run_inbox();
    void arm_alarm();
    void on_alarm();

    const OsClock& clock_;
    runtime::Trace& trace_;

    std::vector<CausedTask> posted_;
    std::vector<CausedTask> running_;
    bool is_woken_for_posts_ = false;
    bool is_handling_ = false;

    TimerQueue timers_;
    runtime::EventId timer_cause_ = runtime::no_event;  // of the timer whose task runs
    Instant alarm_at_ = Instant::never();               // what alarm_ waits for

    Inbox inbox_;
    std::vector<CausedTask> received_;

    std::atomic<bool> is_stopped_ = false;
    std::atomic<std::thread::id> thread_;  // of run(); none outside it

    std::unique_ptr<Asio> asio_;  // null after close()
};

}  // namespace glasslog::os
