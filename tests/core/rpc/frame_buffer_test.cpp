#include "core/rpc/frame_buffer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace glasslog::rpc {
namespace {

Bytes framed(const std::string& body) {
    std::vector<std::uint8_t> bytes;
    append_be(bytes, static_cast<std::int32_t>(body.size()));
    bytes.insert(bytes.end(), body.begin(), body.end());
    return Bytes::from(std::move(bytes));
}

Bytes joined(const std::vector<Bytes>& parts) {
    std::vector<std::uint8_t> bytes;
    for (const Bytes& part : parts)
        bytes.insert(bytes.end(), part.view().begin(), part.view().end());
    return Bytes::from(std::move(bytes));
}

std::vector<std::string> all_frames(FrameBuffer& buffer) {
    std::vector<std::string> frames;
    for (FrameBuffer::Next next = buffer.next(); std::holds_alternative<Bytes>(next);
         next = buffer.next()) {
        frames.emplace_back(as_text(std::get<Bytes>(next).view()));
    }
    return frames;
}

TEST(FrameBufferTest, CutsTheSameFramesWhereverTheStreamIsChunked) {
    const Bytes stream = joined({framed("first"), framed(""), framed("the third frame")});
    for (std::size_t size = 1; size <= stream.size(); ++size) {
        FrameBuffer buffer(100);
        std::vector<std::string> frames;

        for (std::size_t at = 0; at < stream.size(); at += size) {
            buffer.append(stream.slice(at, std::min(size, stream.size() - at)));
            for (std::string& frame : all_frames(buffer))
                frames.push_back(std::move(frame));
        }

        EXPECT_EQ(frames, (std::vector<std::string>{"first", "", "the third frame"})) << size;
        EXPECT_EQ(buffer.held_bytes(), 0U) << size;
    }
}

TEST(FrameBufferTest, RefusesALengthThatIsNegativeOrAboveTheLimit) {
    for (const std::int32_t length : {-1, INT32_MIN, 101, INT32_MAX}) {
        std::vector<std::uint8_t> bytes;
        append_be(bytes, length);
        FrameBuffer buffer(100);

        buffer.append(Bytes::from(std::move(bytes)));

        const FrameBuffer::Next next = buffer.next();
        ASSERT_TRUE(std::holds_alternative<BadFrameLength>(next)) << length;
        EXPECT_EQ(std::get<BadFrameLength>(next).announced_bytes, length);
    }
}

TEST(FrameBufferTest, TakesAFrameOfExactlyTheLimit) {
    FrameBuffer buffer(100);

    buffer.append(framed(std::string(100, 'x')));

    EXPECT_EQ(all_frames(buffer), std::vector<std::string>{std::string(100, 'x')});
}

TEST(FrameBufferTest, AsksForNoMoreThanHasArrivedWhateverIsAnnounced) {
    std::vector<std::uint8_t> bytes;
    append_be(bytes, std::int32_t{1} << 30);
    bytes.resize(1000);
    FrameBuffer buffer(std::size_t{1} << 31);

    buffer.append(Bytes::from(std::move(bytes)));

    EXPECT_TRUE(std::holds_alternative<FrameBuffer::NeedsMore>(buffer.next()));
    EXPECT_EQ(buffer.wanted_bytes(100), 1000U);
    EXPECT_EQ(buffer.held_bytes(), 1000U);
}

TEST(FrameBufferTest, SharesALargeFrameAndCopiesASmallOne) {
    const Bytes large = framed(std::string(1000, 'l'));
    const Bytes chunk = joined({large, framed("small")});
    FrameBuffer buffer(10'000);

    buffer.append(chunk);
    const Bytes first = std::get<Bytes>(buffer.next());
    buffer.append(Bytes());
    buffer.append(Bytes::copy_of(std::vector<std::uint8_t>(100)));
    const Bytes second = std::get<Bytes>(buffer.next());

    EXPECT_EQ(first.data(), chunk.data() + 4);
    EXPECT_EQ(as_text(second.view()), "small");
    EXPECT_FALSE(second.data() >= chunk.data() && second.data() < chunk.data() + chunk.size());
}

}  // namespace
}  // namespace glasslog::rpc
