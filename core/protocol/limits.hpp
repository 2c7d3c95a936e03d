#pragma once

// What a message may hold, whatever its version.

#include <cstddef>

namespace glasslog::protocol {

// Of a string, in its compact form as well: Kafka reads no longer one, in no message and no record.
// Bytes and records are bounded by their frame alone.
inline constexpr std::size_t string_bytes_max = 32767;

}  // namespace glasslog::protocol
