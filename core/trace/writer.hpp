#pragma once

// The trace file. Integers big-endian:
//   file   "GLTRACE\n", then frames
//   frame  type u8, length u32 of the body, crc32c u32 over type, length and body, body
//   header (type 1, first)  version u16 = 1, seed u64, build string, configuration string, machine
//                           string, steady i64; string: u32 length, UTF-8. A reader takes what it
//                           knows and skips the rest; the last two are absent in older files
//   block  (type 2)  first time i64, last time i64 (ns), count u32, raw size u32, zstd frame of
//                    `raw size` bytes: `count` events
//   event  varints: time - previous time, id - previous id, node, id - cause or 0, id - second
//          cause or 0 (zigzag); kind, payload length (unsigned); payload. "Previous" is 0 and 0 at
//          the start of a block, so that it stands alone.
//   index  (type 3, last, absent in a growing or torn file)  count u32, for each block: position
//          u64, first time, last time, count; then the position u64 of this frame, "GLINDEX\n"

#include "core/base/errors.hpp"
#include "core/trace/event.hpp"
#include "core/trace/origin.hpp"
#include "core/trace/sink.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace glasslog::trace {

inline constexpr std::string_view file_magic = "GLTRACE\n";
inline constexpr std::string_view index_magic = "GLINDEX\n";
inline constexpr std::uint16_t file_version = 1;
inline constexpr std::size_t payload_bytes_max = 512 * 1024;
inline constexpr std::size_t configuration_bytes_max = 1024 * 1024;
inline constexpr std::size_t block_raw_bytes_max = 1024 * 1024;

// What a trace says about its run before the first event. configuration: the scenario, or the
// broker's properties; what is longer than configuration_bytes_max is cut off.
struct TraceHeader {
    std::uint64_t seed = 0;
    std::string build;
    std::string configuration;
    ClockOrigin origin = {};

    friend bool operator==(const TraceHeader&, const TraceHeader&) = default;
};

// Where one block stands. Times are inclusive.
struct BlockPlace {
    std::uint64_t position = 0;
    Instant first;
    Instant last;
    std::uint32_t count = 0;

    friend bool operator==(const BlockPlace&, const BlockPlace&) = default;
};

// What the index says, noted as a file is written.
class FrameIndex {
public:
    // The next bytes of the file: one frame, or the magic and the header.
    void add(ByteView bytes);

    // The index frame. Empty when there are more blocks than a reader accepts.
    std::vector<std::uint8_t> frame() const;

private:
    std::vector<BlockPlace> places_;
    std::uint64_t position_ = 0;
    bool is_too_long_ = false;
};

// sole: this writer writes header and index. joint: one of several writers into one guarded Sink;
// somebody called write_header() before, and whoever guards it writes the index after the last.
enum class Share : std::uint8_t { sole, joint };

// Writes the magic and the header frame.
Expected<void, IoError> write_header(Sink& sink, const TraceHeader& header);

// Collects events into blocks of about 64 KiB before compression. The first failure of the sink is
// kept in error(); everything after it is dropped, so that tracing never stops a run.
class TraceWriter {
public:
    // Writes the header.
    TraceWriter(Sink& sink, const TraceHeader& header);

    // Joint.
    explicit TraceWriter(Sink& sink);

    // An event whose payload is above payload_bytes_max is left out and counted.
    void add(const Event& event);

    // Ends the block, so that a reader of the growing file sees everything so far.
    void flush();

    // flush(), then the index if sole. Nothing may be added afterwards.
    void finish();

    const std::optional<IoError>& error() const { return error_; }

    std::uint64_t left_out_count() const { return left_out_; }

private:
    void send(const std::vector<std::uint8_t>& bytes);

    Sink& sink_;
    Share share_;
    std::vector<std::uint8_t> raw_;  // the block being built
    BlockPlace block_;
    EventId last_id_;  // of the block
    Instant last_time_;
    FrameIndex index_;  // if sole
    std::uint64_t left_out_ = 0;
    std::optional<IoError> error_;
};

}  // namespace glasslog::trace
