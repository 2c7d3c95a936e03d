#pragma once

// A callback that waits for an operation of a file.

#include "core/runtime/disk.hpp"
#include "core/runtime/trace.hpp"

#include <memory>

namespace glasslog::os {

// Void once `owner` is gone. cause: the event under which the operation was asked for.
template <typename T>
struct Waiting {
    std::weak_ptr<void> owner;
    runtime::IoDone<T> done;
    runtime::EventId cause = runtime::no_event;
};

}  // namespace glasslog::os
