#pragma once

// How far a consumer may read: to the high watermark, or to the last stable offset.

#include <cstdint>

namespace glasslog::protocol {

// Others may come from a peer.
enum class IsolationLevel : std::int8_t { read_uncommitted = 0, read_committed = 1 };

}  // namespace glasslog::protocol
