// One frame as a stranger may send it. First byte even: a request, its header first. Odd: key,
// version, then the body of a response. What decodes must print, and be itself after another trip.

#include "core/base/check.hpp"
#include "core/protocol/frame.hpp"
#include "tests/support/allocations.hpp"
#include "tests/support/messages.hpp"

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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t head = 5;
    if (size < head) return 0;
    const Bytes rest = Bytes::copy_of({data + 1, size - 1});
    if ((data[0] & 1) == 0) {
        const auto frame = decode_request_frame(rest);
        if (!frame) return 0;
        const RequestHeader& header = frame->header;
        try_body(header.request_api_key, header.request_api_version, Side::request, frame->body);
    } else {
        const ApiKey key{load_be<std::int16_t>(rest.data())};
        const Version version{load_be<std::int16_t>(rest.data() + 2)};
        try_body(key, version, Side::response, rest.slice(4, rest.size() - 4));
    }
    return 0;
}

}  // namespace glasslog::protocol
