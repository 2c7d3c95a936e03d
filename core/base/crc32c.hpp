#pragma once

// CRC-32C (Castagnoli, polynomial 0x1EDC6F41, reflected), as record batches and producer
// snapshots carry it. RFC 3720, appendix B.4 has test values.

#include "core/base/bytes.hpp"

#include <cstdint>

namespace glasslog {

// `before`: the checksum of the bytes that came before, 0 at the start.
std::uint32_t crc32c(ByteView bytes, std::uint32_t before = 0);

}  // namespace glasslog
