#include "core/os/os_random.hpp"

#include "core/base/check.hpp"

#include <sys/random.h>

namespace glasslog::os {

std::uint64_t OsRandom::draw(std::string_view /*domain*/, std::string_view /*entity*/) {
    if (left_ == 0) {
        // Up to 256 bytes are never cut short nor interrupted (getrandom(2)).
        static_assert(sizeof pool_ <= 256);
        const ssize_t got = ::getrandom(pool_.data(), sizeof pool_, 0);
        CHECK(got == static_cast<ssize_t>(sizeof pool_));
        left_ = pool_.size();
    }
    return pool_[--left_];
}

}  // namespace glasslog::os
