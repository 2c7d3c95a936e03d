#pragma once

// What the reactors of one broker tell each other.

#include "core/base/ids.hpp"
#include "core/runtime/executor.hpp"

namespace glasslog::runtime {

// Messages between the reactors of one broker. A message is a task that runs on the other reactor
// and owns or copies all that it uses there; only Bytes, file pins and images are shared.
class Mailbox {
public:
    virtual ~Mailbox() = default;

    // FIFO for each (sender, receiver). False, and `message` is left as it was, when the pair's
    // queue is full. The sender bounds what it has outstanding by its own limits, so full is an
    // overload to answer.
    [[nodiscard]] virtual bool post_to(ReactorId receiver, Task&& message) = 0;
};

}  // namespace glasslog::runtime
