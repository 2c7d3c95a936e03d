#pragma once

// The frames of a trace file, for its writer and its reader alone; writer.hpp has the layout.

#include "core/base/bytes.hpp"
#include "core/trace/writer.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace glasslog::trace {

enum class FrameType : std::uint8_t { header = 1, block = 2, index = 3 };

// Before the body: type, length, checksum.
inline constexpr std::size_t frame_head_bytes = 1 + 4 + 4;

// A block's body before its zstd frame.
inline constexpr std::size_t block_head_bytes = 8 + 8 + 4 + 4;

// An index entry, and what follows the entries.
inline constexpr std::size_t index_entry_bytes = 8 + 8 + 8 + 4;
inline constexpr std::size_t index_tail_bytes = 8 + 8;

// No body of ours is larger.
inline constexpr std::size_t frame_body_bytes_max = 16 * 1024 * 1024;

// A longer trace (some 35 GB of events) has no index.
inline constexpr std::size_t index_entries_max = 500'000;

static_assert(4 + index_entries_max * index_entry_bytes + index_tail_bytes < frame_body_bytes_max);

// What compression may add to a block that does not compress.
inline constexpr std::size_t block_body_bytes_max =
    block_head_bytes + block_raw_bytes_max + block_raw_bytes_max / 64;

std::uint32_t frame_checksum(FrameType type, ByteView body);

std::vector<std::uint8_t> make_frame(FrameType type, ByteView body);

// The body's head; the caller has checked its size.
BlockPlace block_facts(ByteView body, std::uint64_t position);

// u32 length, then the text.
void append_string(std::vector<std::uint8_t>& out, const std::string& text);

}  // namespace glasslog::trace
