#pragma once

// The files of a data directory in words, for `glasslog dump`: pure functions from bytes to lines.
// Unreadable bytes become a line that says where and why; they are never an error.

#include "core/base/bytes.hpp"
#include "core/base/ids.hpp"
#include "core/base/unique_function.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace glasslog::storage {

// Takes one line without its newline.
using LineSink = UniqueFunction<void(const std::string&)>;

enum class DumpDepth : std::uint8_t { batches, records };

// `bytes` of `<base>.log`: a line per batch with the fields of its header and "isvalid", and with
// DumpDepth::records a line per record. Answers the count of bytes that are whole batches.
std::uint64_t describe_segment(ByteView bytes, DumpDepth depth, LineSink& out);

// `<base>.index`: "offset: 17 position: 4321".
void describe_offset_index(ByteView bytes, Offset base, LineSink& out);

// `<base>.timeindex`: "timestamp: 1700000000000 offset: 17".
void describe_time_index(ByteView bytes, Offset base, LineSink& out);

// `<offset>.snapshot`: a line per producer.
void describe_snapshot(ByteView bytes, LineSink& out);

// `<base>.txnindex`: an aborted transaction per line. Entries of 34 bytes: version i16, producer
// id, first and last offset (of the marker), last stable offset i64 each.
void describe_txn_index(ByteView bytes, LineSink& out);

// The text files, with a line about what is wrong when something is.
void describe_text_file(std::string_view name, ByteView bytes, LineSink& out);

// By the name of the file: any of the above; false when the name is none of ours.
bool describe_file(std::string_view name, ByteView bytes, DumpDepth depth, LineSink& out);

// That not all of such a file is as it was written: what describe_file() says in words.
bool is_damaged_file(std::string_view name, ByteView bytes);

}  // namespace glasslog::storage
