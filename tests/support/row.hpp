#pragma once

// A figure that a test has measured, as a row of a table; tests/bench/run.sh prints them.

#include <cstdint>
#include <cstdio>

namespace glasslog::support {

// `total` of `rounds`, as so many per round.
inline void row(const char* what, std::uint64_t total, std::uint64_t rounds) {
    const std::uint64_t hundredths = total * 100 / rounds;
    std::printf("| %s | %llu.%02llu |\n",
                what,
                static_cast<unsigned long long>(hundredths / 100),
                static_cast<unsigned long long>(hundredths % 100));
}

}  // namespace glasslog::support
