#pragma once

// How many log lines a second: a peer that provokes one each time cannot fill a disk with them.

#include "core/base/time.hpp"

#include <cstdint>
#include <optional>
#include <utility>

namespace glasslog::cli {

class LineAllowance {
public:
    static constexpr std::uint32_t lines_max = 100;
    static constexpr Duration period = Duration::seconds(1);

    // Empty: say nothing now. Otherwise how many were left unsaid since the last that was said.
    std::optional<std::uint64_t> take(Instant now) {
        if (!since_ || now - *since_ >= period) {
            since_ = now;
            said_count_ = 0;
        }
        if (said_count_ == lines_max) {
            ++unsaid_count_;
            return std::nullopt;
        }
        ++said_count_;
        return std::exchange(unsaid_count_, 0);
    }

private:
    std::optional<Instant> since_;
    std::uint32_t said_count_ = 0;
    std::uint64_t unsaid_count_ = 0;
};

}  // namespace glasslog::cli
