#pragma once

// SHA-256 and SHA-512 (FIPS 180-4), HMAC (RFC 2104) and PBKDF2 (RFC 8018) over them: what SCRAM
// (RFC 5802) keeps of a password. By OpenSSL's libcrypto. Not made for large inputs: all of the
// input is in memory.

#include "core/base/bytes.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace glasslog::metadata {

enum class Sha2 : std::uint8_t { sha256, sha512 };

using Digest = std::vector<std::uint8_t>;  // 32 or 64 bytes

Digest sha2(Sha2 kind, ByteView input);

Digest hmac(Sha2 kind, ByteView key, ByteView input);

struct Stretching {
    ByteView password;
    ByteView salt;
    std::int32_t iteration_count = 4096;  // at least 1
};

// One block of PBKDF2: as many bytes as a digest has.
Digest pbkdf2(Sha2 kind, const Stretching& how);

}  // namespace glasslog::metadata
