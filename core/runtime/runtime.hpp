#pragma once

// All that a node may ask of the world, for one reactor of it.

#include "core/base/ids.hpp"
#include "core/runtime/clock.hpp"
#include "core/runtime/disk.hpp"
#include "core/runtime/executor.hpp"
#include "core/runtime/mailbox.hpp"
#include "core/runtime/random.hpp"
#include "core/runtime/trace.hpp"
#include "core/runtime/transport.hpp"

namespace glasslog::runtime {

struct Runtime {
    ReactorId reactor;
    std::int32_t reactor_count = 1;
    Clock& clock;
    Executor& executor;
    Mailbox& mailbox;
    Transport& transport;
    Disk& disk;
    Random& random;
    Trace& trace;
};

}  // namespace glasslog::runtime
