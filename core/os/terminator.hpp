#pragma once

// Waits for the signals that ask a process to end.

#include "core/base/unique_function.hpp"
#include "core/os/process.hpp"

#include <thread>

namespace glasslog::os {

// Takes SIGTERM and SIGINT away from the threads of this process that do not exist yet and from the
// calling one, and waits for them on a thread of its own: whatever the reactors do, the second
// signal ends the process.
class Terminator {
public:
    // `at_first` runs on that thread.
    explicit Terminator(UniqueFunction<void()> at_first);

    // Leaves the signals blocked.
    ~Terminator();

    Terminator(const Terminator&) = delete;
    Terminator& operator=(const Terminator&) = delete;

private:
    void wait();

    UniqueFunction<void()> at_first_;
    Descriptor signals_;
    Descriptor wake_;
    std::thread thread_;
};

}  // namespace glasslog::os
