#pragma once

// Distances of wall times that strangers wrote: a record may claim any 64-bit time.

#include "core/base/time.hpp"

#include <cstdint>

namespace glasslog::log {

// Milliseconds from `since` to `until`; negative when that is earlier; saturates.
inline std::int64_t elapsed_ms(WallTime since, WallTime until) {
    std::int64_t elapsed = 0;
    const bool overflows =
        __builtin_sub_overflow(until.milliseconds(), since.milliseconds(), &elapsed);
    if (!overflows) return elapsed;
    return until > since ? INT64_MAX : INT64_MIN;
}

}  // namespace glasslog::log
