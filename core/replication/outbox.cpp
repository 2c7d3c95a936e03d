#include "core/replication/outbox.hpp"

#include <utility>

namespace glasslog::replication {

namespace {

const Duration retry_after = Duration::milliseconds(1);

}  // namespace

void Outbox::send(ReactorId receiver, runtime::Task message) {
    if (receiver == runtime_.reactor) {
        runtime_.executor.post(std::move(message));
        return;
    }
    waiting_[receiver].push_back(std::move(message));
    send_waiting();
}

void Outbox::send_waiting() {
    bool is_full = false;
    for (auto& [receiver, messages] : waiting_) {
        while (!messages.empty()) {
            if (!runtime_.mailbox.post_to(receiver, std::move(messages.front()))) break;
            messages.pop_front();
        }
        is_full = is_full || !messages.empty();
    }
    if (!is_full) return;
    retry_ = runtime_.executor.at(runtime_.clock.now() + retry_after, [this] { send_waiting(); });
}

}  // namespace glasslog::replication
