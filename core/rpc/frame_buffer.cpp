#include "core/rpc/frame_buffer.hpp"

#include "core/base/check.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::rpc {

void FrameBuffer::append(Bytes chunk) {
    if (chunk_.empty()) {
        chunk_ = std::move(chunk);
        return;
    }
    // Rare: the reader normally takes every frame before it reads on.
    std::vector<std::uint8_t> joined(chunk_.view().begin(), chunk_.view().end());
    joined.insert(joined.end(), chunk.view().begin(), chunk.view().end());
    chunk_ = Bytes::from(std::move(joined));
}

// The length of the frame that begins the stream, once its four bytes are here.
std::optional<std::int64_t> FrameBuffer::announced() const {
    if (held_bytes() < length_bytes) return std::nullopt;
    std::uint8_t length[length_bytes];
    const std::size_t early = std::min(partial_.size(), length_bytes);
    std::copy_n(partial_.begin(), early, length);
    std::copy_n(chunk_.view().begin(), length_bytes - early, length + early);
    return load_be<std::int32_t>(length);
}

FrameBuffer::Next FrameBuffer::next() {
    const std::optional<std::int64_t> length = announced();
    if (length.has_value() &&
        (*length < 0 || *length > static_cast<std::int64_t>(frame_bytes_max_))) {
        return BadFrameLength{*length};
    }
    const std::size_t total =
        length.has_value() ? length_bytes + static_cast<std::size_t>(*length) : length_bytes;
    const bool is_whole = length.has_value() && held_bytes() >= total;
    if (is_whole && partial_.empty()) return take_from_chunk(total);

    collect(total);
    if (!is_whole) return NeedsMore{};
    const Bytes framed = Bytes::from(std::exchange(partial_, {}));
    return framed.slice(length_bytes, framed.size() - length_bytes);
}

// Moves bytes of the chunk behind partial_, up to `total` bytes of it. Room grows by doubling and
// ends at `total`, so that it stays within twice the bytes that arrived.
void FrameBuffer::collect(std::size_t total) {
    CHECK(partial_.size() <= total);
    const std::size_t taken = std::min(total - partial_.size(), chunk_.size());
    if (taken == 0) return;
    const std::size_t needed = partial_.size() + taken;
    if (needed > partial_.capacity()) partial_.reserve(std::min(total, needed * 2));
    const ByteView view = chunk_.view().first(taken);
    partial_.insert(partial_.end(), view.begin(), view.end());
    chunk_ = taken == chunk_.size() ? Bytes{} : chunk_.slice(taken, chunk_.size() - taken);
}

// A small frame is copied, so that a request that waits for long does not pin its whole chunk.
Bytes FrameBuffer::take_from_chunk(std::size_t total) {
    const Bytes body = chunk_.slice(length_bytes, total - length_bytes);
    const bool is_most_of_it = total * 2 >= chunk_.size();
    Bytes frame = is_most_of_it ? body : Bytes::copy_of(body.view());
    chunk_ = total == chunk_.size() ? Bytes{} : chunk_.slice(total, chunk_.size() - total);
    return frame;
}

std::size_t FrameBuffer::wanted_bytes(std::size_t usual) const {
    const std::optional<std::int64_t> length = announced();
    if (!length.has_value() || *length < 0) return usual;
    const std::size_t total = length_bytes + static_cast<std::size_t>(*length);
    if (total <= held_bytes()) return usual;
    // No more than what has arrived already: whoever announces much must also send much.
    return std::max(usual, std::min(total - held_bytes(), held_bytes()));
}

}  // namespace glasslog::rpc
