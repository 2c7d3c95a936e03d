#pragma once

// How much memory the peers of one reactor make it hold, against a limit. Counting goes on above
// the limit (an answer that exists cannot be refused); whoever would take more asks first.

#include "core/base/check.hpp"

#include <algorithm>
#include <cstddef>

namespace glasslog::rpc {

class MemoryBudget {
public:
    explicit MemoryBudget(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    void take(std::size_t bytes) {
        used_bytes_ += bytes;
        peak_bytes_ = std::max(peak_bytes_, used_bytes_);
    }

    void release(std::size_t bytes) {
        CHECK(bytes <= used_bytes_, "released {}, used {}", bytes, used_bytes_);
        used_bytes_ -= bytes;
    }

    bool is_used_up() const { return used_bytes_ >= bytes_max_; }

    std::size_t used_bytes() const { return used_bytes_; }

    std::size_t left_bytes() const { return is_used_up() ? 0 : bytes_max_ - used_bytes_; }

    std::size_t peak_bytes() const { return peak_bytes_; }

private:
    std::size_t bytes_max_;
    std::size_t used_bytes_ = 0;
    std::size_t peak_bytes_ = 0;
};

}  // namespace glasslog::rpc
