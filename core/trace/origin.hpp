#pragma once

#include <cstdint>
#include <string>

namespace glasslog::trace {

// Where the time 0 of a trace lies, so that traces of several processes can be laid on one clock
// (join.hpp). machine: one run of one machine, from its start to its end; empty: the time is that
// of a simulated world. steady_ns: what the machine's monotonic clock showed at time 0.
struct ClockOrigin {
    std::string machine;
    std::int64_t steady_ns = 0;

    friend bool operator==(const ClockOrigin&, const ClockOrigin&) = default;
};

}  // namespace glasslog::trace
