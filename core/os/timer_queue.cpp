#include "core/os/timer_queue.hpp"

#include "core/base/check.hpp"

namespace glasslog::os {

class TimerQueue::Entry final : public runtime::Timer::Pending {
public:
    enum class Where : std::uint8_t { heap, due, nowhere };

    Entry(TimerQueue* owner, Instant at, std::uint64_t order, CausedTask what)
        : queue(owner), when(at), sequence(order), task(std::move(what)) {}

    ~Entry() override {
        if (where != Where::nowhere) queue->forget(*this);
    }

    TimerQueue* queue;
    Instant when;
    std::uint64_t sequence;
    CausedTask task;
    Where where = Where::heap;
    std::size_t index = 0;  // in heap_ or due_
};

TimerQueue::~TimerQueue() {
    clear();
}

std::unique_ptr<runtime::Timer::Pending> TimerQueue::add(Instant when, CausedTask task) {
    auto entry = std::make_unique<Entry>(this, when, sequence_++, std::move(task));
    heap_.push_back(nullptr);
    place(heap_.size() - 1, entry.get());
    sift_up(heap_.size() - 1);
    return entry;
}

void TimerQueue::begin_round(Instant now) {
    CHECK(next_due_ == due_.size());
    due_.clear();
    next_due_ = 0;
    while (!heap_.empty() && heap_.front()->when <= now) {
        Entry* entry = heap_.front();
        take_out(0);
        entry->where = Entry::Where::due;
        entry->index = due_.size();
        due_.push_back(entry);
    }
}

std::optional<CausedTask> TimerQueue::next_due() {
    while (next_due_ < due_.size()) {
        Entry* entry = due_[next_due_++];
        if (entry == nullptr) continue;
        entry->where = Entry::Where::nowhere;
        return std::move(entry->task);
    }
    return std::nullopt;
}

Instant TimerQueue::earliest() const {
    return heap_.empty() ? Instant::never() : heap_.front()->when;
}

void TimerQueue::clear() {
    // A task may own Timers, its own too: take it away from its entry before it is destroyed.
    while (next_due())
        ;
    while (!heap_.empty()) {
        Entry* entry = heap_.front();
        take_out(0);
        entry->where = Entry::Where::nowhere;
        const CausedTask task = std::move(entry->task);
    }
}

bool TimerQueue::is_before(const Entry& a, const Entry& b) const {
    return a.when != b.when ? a.when < b.when : a.sequence < b.sequence;
}

void TimerQueue::place(std::size_t at, Entry* entry) {
    heap_[at] = entry;
    entry->index = at;
}

void TimerQueue::sift_up(std::size_t at) {
    Entry* entry = heap_[at];
    while (at > 0) {
        const std::size_t parent = (at - 1) / 2;
        if (!is_before(*entry, *heap_[parent])) break;
        place(at, heap_[parent]);
        at = parent;
    }
    place(at, entry);
}

void TimerQueue::sift_down(std::size_t at) {
    Entry* entry = heap_[at];
    while (true) {
        std::size_t child = 2 * at + 1;
        if (child >= heap_.size()) break;
        if (child + 1 < heap_.size() && is_before(*heap_[child + 1], *heap_[child])) ++child;
        if (!is_before(*heap_[child], *entry)) break;
        place(at, heap_[child]);
        at = child;
    }
    place(at, entry);
}

void TimerQueue::take_out(std::size_t at) {
    Entry* last = heap_.back();
    heap_.pop_back();
    if (at == heap_.size()) return;
    place(at, last);
    sift_up(at);
    sift_down(last->index);
}

void TimerQueue::forget(Entry& entry) {
    if (entry.where == Entry::Where::heap) {
        CHECK(heap_[entry.index] == &entry);
        take_out(entry.index);
    } else {
        CHECK(due_[entry.index] == &entry);
        due_[entry.index] = nullptr;
    }
}

}  // namespace glasslog::os
