#pragma once

// The machine's entropy.

#include "core/runtime/random.hpp"

#include <array>
#include <cstddef>

namespace glasslog::os {

// One for each reactor.
class OsRandom final : public runtime::Random {
public:
    std::uint64_t draw(std::string_view domain, std::string_view entity) override;

private:
    std::array<std::uint64_t, 32> pool_{};  // fetched together, to save system calls
    std::size_t left_ = 0;
};

}  // namespace glasslog::os
