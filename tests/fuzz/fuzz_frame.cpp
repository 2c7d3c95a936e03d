// What a stranger may send. The first byte says how, modulo 4: 0: a stream that comes in chunks,
// cut into frames of requests; 1 and 3: key, version, then the body of a response; 2: one request,
// its header first. What decodes must print, and be itself after another trip.

#include "core/base/check.hpp"
#include "core/protocol/frame.hpp"
#include "core/rpc/frame_buffer.hpp"
#include "tests/support/allocations.hpp"
#include "tests/support/messages.hpp"

#include <algorithm>
#include <variant>
#include <vector>

namespace glasslog::protocol {
namespace {

template <typename Message>
void try_message(const Bytes& body, Version version) {
    const auto before = support::allocations();
    const auto decoded = decode_prefix<Message>(body, version);
    CHECK((support::allocations() - before).bytes <= 64 * body.size() + 4096);
    if (!decoded) return;
    CHECK(!print(decoded->message, version).empty());
    const Bytes again = encode(decoded->message, version).flatten();
    const auto back = decode_prefix<Message>(again, version);
    CHECK(back.has_value());
    CHECK(back->size == again.size());
    CHECK(back->message == decoded->message);
}

void try_body(ApiKey key, Version version, Side side, const Bytes& body) {
    support::for_each_exchange(
        [&]<typename Pair>(Pair) {
            using Request = typename Pair::RequestType;
            using Response = typename Pair::ResponseType;
            if (Request::key != key) return;
            if (side == Side::request) {
                try_message<Request>(body, version);
            } else {
                try_message<Response>(body, version);
            }
        },
        support::Exchanges{});
}

void try_request(const Bytes& bytes) {
    const auto frame = decode_request_frame(bytes);
    if (!frame) return;
    const RequestHeader& header = frame->header;
    try_body(header.request_api_key, header.request_api_version, Side::request, frame->body);
}

// Takes every frame that is whole. False after a length that is refused.
bool take_frames(rpc::FrameBuffer& frames, std::vector<Bytes>& taken, std::size_t frame_max) {
    while (true) {
        rpc::FrameBuffer::Next next = frames.next();
        if (std::holds_alternative<rpc::BadFrameLength>(next)) {
            CHECK(std::holds_alternative<rpc::BadFrameLength>(frames.next()));
            return false;
        }
        if (std::holds_alternative<rpc::FrameBuffer::NeedsMore>(next)) return true;
        taken.push_back(std::get<Bytes>(std::move(next)));
        CHECK(taken.back().size() <= frame_max);
    }
}

// The same bytes give the same frames, however they are cut, and a length that is announced
// allocates nothing. First: the chunk size and the limit.
void try_stream(ByteView bytes) {
    const std::size_t chunk_max = 1 + bytes[0];
    const std::size_t frame_max = std::size_t{1} << (bytes[1] % 32);
    const ByteView stream = bytes.subspan(2);
    rpc::FrameBuffer in_chunks(frame_max);
    rpc::FrameBuffer at_once(frame_max);
    std::vector<Bytes> frames;
    std::vector<Bytes> same;
    const auto before = support::allocations();
    bool is_open = true;
    for (std::size_t at = 0; at < stream.size() && is_open; at += chunk_max) {
        const std::size_t size = std::min(chunk_max, stream.size() - at);
        in_chunks.append(Bytes::copy_of(stream.subspan(at, size)));
        is_open = take_frames(in_chunks, frames, frame_max);
        CHECK(in_chunks.wanted_bytes(chunk_max) <= std::max(chunk_max, in_chunks.held_bytes()));
    }
    CHECK((support::allocations() - before).bytes <= 256 * stream.size() + 4096);
    at_once.append(Bytes::copy_of(stream));
    CHECK(take_frames(at_once, same, frame_max) == is_open);
    CHECK(frames.size() == same.size());
    for (std::size_t i = 0; i < frames.size(); ++i) {
        CHECK(std::ranges::equal(frames[i].view(), same[i].view()));
        try_request(frames[i]);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t head = 5;
    if (size < head) return 0;
    const unsigned how = data[0] % 4;
    const ByteView rest(data + 1, size - 1);
    if (how == 0) {
        try_stream(rest);
    } else if (how == 2) {
        try_request(Bytes::copy_of(rest));
    } else {
        const ApiKey key{load_be<std::int16_t>(rest.data())};
        const Version version{load_be<std::int16_t>(rest.data() + 2)};
        try_body(key, version, Side::response, Bytes::copy_of(rest.subspan(4)));
    }
    return 0;
}

}  // namespace glasslog::protocol
