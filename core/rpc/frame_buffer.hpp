#pragma once

// Cuts a byte stream into frames: int32 length, big-endian, not counting itself, then the frame.
// Holds the bytes that arrived and never more than twice that, whatever a length announces.

#include "core/base/bytes.hpp"

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

namespace glasslog::rpc {

// The announced length is negative or above the limit; the stream cannot go on.
struct BadFrameLength {
    std::int64_t announced_bytes = 0;
};

class FrameBuffer {
public:
    struct NeedsMore {};

    using Next = std::variant<NeedsMore, Bytes, BadFrameLength>;

    explicit FrameBuffer(std::size_t frame_bytes_max) : frame_bytes_max_(frame_bytes_max) {}

    // The next bytes of the stream. A chunk that holds a whole large frame is shared, not copied.
    void append(Bytes chunk);

    // The next complete frame without its length. After BadFrameLength always the same answer.
    Next next();

    // Bytes that have arrived and belong to no frame given out yet.
    std::size_t held_bytes() const { return partial_.size() + chunk_.size(); }

    // How much a read should ask for: the rest of a large frame at once, otherwise `usual`.
    std::size_t wanted_bytes(std::size_t usual) const;

private:
    static constexpr std::size_t length_bytes = 4;

    std::optional<std::int64_t> announced() const;
    void collect(std::size_t total);
    Bytes take_from_chunk(std::size_t total);

    std::size_t frame_bytes_max_;
    std::vector<std::uint8_t> partial_;  // the beginning of a frame, with its length
    Bytes chunk_;                        // what follows partial_
};

}  // namespace glasslog::rpc
