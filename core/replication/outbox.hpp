#pragma once

// Outbox: messages to other reactors, in order, sent again while a mailbox is full. Senders bound
// what they have outstanding.

#include "core/base/ids.hpp"
#include "core/runtime/runtime.hpp"

#include <deque>
#include <map>

namespace glasslog::replication {

class Outbox {
public:
    explicit Outbox(const runtime::Runtime& runtime) : runtime_(runtime) {}

    // `message` runs on `receiver`, never from inside this call; also when that is this reactor.
    void send(ReactorId receiver, runtime::Task message);

private:
    void send_waiting();

    const runtime::Runtime& runtime_;
    std::map<ReactorId, std::deque<runtime::Task>> waiting_;
    runtime::Timer retry_;
};

}  // namespace glasslog::replication
