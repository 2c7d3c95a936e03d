#pragma once

// Reads a trace from bytes as they come: a pipe, a growing file, a whole file. Hostile bytes are
// refused, and memory stays within a small multiple of the bytes received plus one block.

#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/trace/event.hpp"
#include "core/trace/writer.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace glasslog::trace {

// feed() what arrived, then next() until it is empty, and again when more has arrived.
class TraceReader {
public:
    void feed(ByteView bytes);

    // The next whole event. Empty: more bytes are needed, or this is the end. An error is final:
    // every later call returns it again; the events before it were good.
    Expected<std::optional<Event>, DecodeError> next();

    // Known once the header frame has been read by next().
    const std::optional<TraceHeader>& header() const { return header_; }

    // The index has been read: the writer finished, nothing follows.
    bool is_finished() const { return is_finished_; }

    // Bytes of a frame that is not whole yet: at the end of a file, its torn tail.
    std::size_t pending_bytes() const { return buffer_.size() - at_; }

private:
    Expected<bool, DecodeError> read_frame();
    Expected<void, DecodeError> open_frame(std::uint8_t type, ByteView body);
    Expected<Event, DecodeError> read_event();
    DecodeError fail(DecodeError error);
    void consume(std::size_t count);

    std::vector<std::uint8_t> buffer_;
    std::size_t at_ = 0;          // first byte of buffer_ not consumed
    std::uint64_t consumed_ = 0;  // bytes of the stream before at_
    bool has_magic_ = false;
    bool is_finished_ = false;
    std::optional<TraceHeader> header_;
    std::optional<DecodeError> error_;

    Bytes block_;  // raw bytes of the open block
    std::size_t block_at_ = 0;
    std::uint32_t block_left_ = 0;  // events
    Event previous_;                // time and id only
};

// Everything readable of a whole file, by time (the reactors of a node write block by block).
// error: why reading stopped early; a torn tail is none.
struct TraceFile {
    TraceHeader header;
    std::vector<Event> events;
    std::size_t torn_bytes = 0;
    std::optional<DecodeError> error;
};

// An error when even the header cannot be read.
Expected<TraceFile, DecodeError> read_trace(ByteView file);

// The blocks of a file: from its index, or by walking the frames when there is none.
Expected<std::vector<BlockPlace>, DecodeError> read_index(ByteView file);

// The events of one block; `place` comes from read_index().
Expected<std::vector<Event>, DecodeError> read_block(ByteView file, const BlockPlace& place);

}  // namespace glasslog::trace
