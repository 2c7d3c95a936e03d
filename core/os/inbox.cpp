#include "core/os/inbox.hpp"

#include "core/base/check.hpp"

#include <algorithm>

namespace glasslog::os {

Inbox::Inbox(std::size_t senders, std::size_t messages_max)
    : messages_max_(messages_max), waiting_from_(senders, 0) {}

Inbox::Pushed Inbox::push_from(std::size_t sender, CausedTask&& message) {
    const std::lock_guard guard(mutex_);
    CHECK(sender < waiting_from_.size());
    if (waiting_from_[sender] == messages_max_) return Pushed::full;
    ++waiting_from_[sender];
    waiting_.push_back(std::move(message));
    return waiting_.size() == 1 ? Pushed::first : Pushed::more;
}

Inbox::Pushed Inbox::push(CausedTask&& message) {
    const std::lock_guard guard(mutex_);
    waiting_.push_back(std::move(message));
    return waiting_.size() == 1 ? Pushed::first : Pushed::more;
}

void Inbox::take(std::vector<CausedTask>& out) {
    CHECK(out.empty());
    const std::lock_guard guard(mutex_);
    out.swap(waiting_);
    std::ranges::fill(waiting_from_, 0);
}

}  // namespace glasslog::os
