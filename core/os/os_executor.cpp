#include "core/os/os_executor.hpp"

#include "core/base/check.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <iterator>

namespace glasslog::os {

namespace {

// Of one run_some(): what always has something ready must not keep its caller.
constexpr std::size_t handlers_max = 64;

// Batches of tasks between two looks at the sockets.
constexpr int rounds_max = 4;

}  // namespace

OsExecutor::OsExecutor(const OsClock& clock, runtime::Trace& trace, Options options)
    : clock_(clock),
      trace_(trace),
      inbox_(options.senders, options.messages_max),
      asio_(std::make_unique<Asio>()) {}

OsExecutor::~OsExecutor() {
    close();
}

void OsExecutor::post(runtime::Task task) {
    check_thread();
    posted_.push_back({std::move(task), cause()});
    wake_for_posts();
}

runtime::Timer OsExecutor::at(Instant when, runtime::Task task) {
    check_thread();
    runtime::Timer timer(timers_.add(when, {std::move(task), cause()}));
    arm_alarm();
    return timer;
}

bool OsExecutor::post_message(std::size_t sender, runtime::Task&& message, runtime::EventId cause) {
    CausedTask caused{std::move(message), cause};
    const Inbox::Pushed pushed = inbox_.push_from(sender, std::move(caused));
    if (pushed == Inbox::Pushed::first) wake_for_inbox();
    if (pushed == Inbox::Pushed::full) message = std::move(caused.task);
    return pushed != Inbox::Pushed::full;
}

void OsExecutor::post_from_outside(runtime::Task task, runtime::EventId cause) {
    if (inbox_.push({std::move(task), cause}) == Inbox::Pushed::first) wake_for_inbox();
}

void OsExecutor::stop() {
    is_stopped_.store(true);
    asio_->context.stop();
}

void OsExecutor::run() {
    thread_.store(std::this_thread::get_id());
    while (!is_stopped())
        asio_->context.run();
    thread_.store(std::thread::id());
}

bool OsExecutor::run_some(Duration wait) {
    if (is_stopped()) return false;
    std::size_t ran = 0;
    while (ran < handlers_max && asio_->context.poll_one() > 0)
        ++ran;
    if (ran > 0) return true;
    if (wait <= Duration()) return false;
    return asio_->context.run_one_for(std::chrono::nanoseconds(wait.nanoseconds())) > 0;
}

void OsExecutor::clear() {
    is_stopped_.store(true);
    std::vector<CausedTask> doomed;
    do {
        doomed.clear();
        doomed.swap(posted_);
        std::vector<CausedTask> messages;
        inbox_.take(messages);
        for (std::vector<CausedTask>* waiting : {&running_, &received_, &messages}) {
            std::ranges::move(*waiting, std::back_inserter(doomed));
            waiting->clear();
        }
        timers_.clear();
    } while (!doomed.empty());
}

void OsExecutor::close() {
    clear();
    asio_.reset();
    clear();
}

void OsExecutor::check_thread() const {
    const std::thread::id runner = thread_.load(std::memory_order_relaxed);
    CHECK(runner == std::thread::id() || runner == std::this_thread::get_id(),
          "a reactor's objects are used on its thread only; others send it a message");
}

void OsExecutor::run_task(CausedTask& caused) {
    runtime::Task task = std::move(caused.task);
    run_under(caused.cause, task);
}

void OsExecutor::run_batch(std::vector<CausedTask>& batch) {
    for (CausedTask& task : batch) {
        if (is_stopped()) return;  // what is left dies in clear()
        run_task(task);
    }
    batch.clear();
}

void OsExecutor::wake_for_posts() {
    if (is_woken_for_posts_ || is_handling_ || asio_ == nullptr) return;
    is_woken_for_posts_ = true;
    boost::asio::post(asio_->context, [this] {
        is_woken_for_posts_ = false;
        handle([this] { run_posted(); });
    });
}

void OsExecutor::finish_handling() {
    for (int round = 0; round < rounds_max && !posted_.empty() && !is_stopped(); ++round)
        run_posted();
    is_handling_ = false;
    if (!posted_.empty()) wake_for_posts();
}

void OsExecutor::run_posted() {
    CHECK(running_.empty());
    running_.swap(posted_);
    run_batch(running_);
}

void OsExecutor::wake_for_inbox() {
    if (asio_ == nullptr) return;
    boost::asio::post(asio_->context, [this] { handle([this] { run_inbox(); }); });
}

void OsExecutor::run_inbox() {
    inbox_.take(received_);
    run_batch(received_);
}

// Waking too early is harmless and wakes are lazy: a timer that is cancelled leaves its alarm, one
// that is later than the alarm sets none. Most deadlines never cost a system call.
void OsExecutor::arm_alarm() {
    const Instant earliest = timers_.earliest();
    if (earliest >= alarm_at_ || asio_ == nullptr) return;
    // Far away is not representable in the steady clock.
    alarm_at_ = std::min(earliest, clock_.now() + Duration::seconds(3600));
    asio_->alarm.expires_at(clock_.steady(std::max(alarm_at_, Instant())));
    asio_->alarm.async_wait([this](const boost::system::error_code& error) {
        if (!error) handle([this] { on_alarm(); });
    });
}

void OsExecutor::on_alarm() {
    alarm_at_ = Instant::never();
    timers_.begin_round(clock_.now());
    while (!is_stopped()) {
        auto due = timers_.next_due();
        if (!due) break;
        timer_cause_ = due->cause;
        run_task(*due);
        timer_cause_ = runtime::no_event;
    }
    if (!is_stopped()) arm_alarm();
}

}  // namespace glasslog::os
