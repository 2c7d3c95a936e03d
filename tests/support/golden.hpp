#pragma once

// Files of tests/golden, and the damage that every format must survive: each truncation and each
// single flipped bit.

#include "core/base/bytes.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace glasslog::support {

// path: below tests/golden. A missing file fails the test.
inline Bytes golden(const std::string& path) {
    std::ifstream in(std::string(GLASSLOG_SOURCE_DIR) + "/tests/golden/" + path, std::ios::binary);
    EXPECT_TRUE(in.good()) << path;
    return Bytes::from(std::vector<std::uint8_t>(std::istreambuf_iterator<char>(in), {}));
}

// Calls check(damaged) with every proper prefix of `whole`.
template <typename F>
void for_each_truncation(ByteView whole, F check) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
        // A buffer of its own size, so that a sanitizer sees a read beyond it.
        const std::vector<std::uint8_t> cut(whole.begin(),
                                            whole.begin() + static_cast<std::ptrdiff_t>(size));
        check(ByteView(cut));
    }
}

template <typename F>
void for_each_bit_flip(ByteView whole, F check) {
    std::vector<std::uint8_t> bytes(whole.begin(), whole.end());
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        const auto mask = static_cast<std::uint8_t>(1U << (bit % 8));
        bytes[bit / 8] ^= mask;
        check(ByteView(bytes));
        bytes[bit / 8] ^= mask;
    }
}

}  // namespace glasslog::support
