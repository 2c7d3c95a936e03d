#include "core/protocol/frame.hpp"

#include "core/base/check.hpp"
#include "core/protocol/codec.hpp"

namespace glasslog::protocol {
namespace {

constexpr std::size_t key_and_version_size = 4;

Payload with_length(const Payload& header, Payload body) {
    const std::size_t length = header.size() + body.size();
    CHECK(length <= INT32_MAX);
    std::vector<std::uint8_t> head;
    head.reserve(length_prefix_size + header.size());
    append_be(head, static_cast<std::int32_t>(length));
    for (const Bytes& part : header.parts())
        head.insert(head.end(), part.view().begin(), part.view().end());
    Payload out(Bytes::from(std::move(head)));
    out.append(std::move(body));
    return out;
}

}  // namespace

Expected<RequestFrame, DecodeError> decode_request_frame(const Bytes& frame) {
    if (frame.size() < key_and_version_size) {
        return Unexpected{DecodeError{fmt::format("frame of {} bytes", frame.size()), 0}};
    }
    const ApiKey key{load_be<std::int16_t>(frame.data())};
    const Version version{load_be<std::int16_t>(frame.data() + 2)};
    const auto header_version = request_header_version(key, version);
    if (!header_version) {
        return Unexpected{DecodeError{fmt::format("{} is not spoken", api_name(key)), 0}};
    }
    auto header = TRY(decode_prefix<RequestHeader>(frame, *header_version));
    return RequestFrame{std::move(header.message),
                        frame.slice(header.size, frame.size() - header.size)};
}

Payload encode_request_frame(const RequestHeader& header, Payload body) {
    const auto version = request_header_version(header.request_api_key, header.request_api_version);
    CHECK(version.has_value());
    return with_length(encode(header, *version), std::move(body));
}

Expected<ResponseFrame, DecodeError> decode_response_frame(ApiKey key,
                                                           Version version,
                                                           const Bytes& frame) {
    const auto header_version = response_header_version(key, version);
    if (!header_version) {
        return Unexpected{DecodeError{fmt::format("{} is not spoken", api_name(key)), 0}};
    }
    const auto header = TRY(decode_prefix<ResponseHeader>(frame, *header_version));
    return ResponseFrame{header.message.correlation_id,
                         frame.slice(header.size, frame.size() - header.size)};
}

Payload encode_response_frame(const ResponseTo& request, Payload body) {
    const auto version = response_header_version(request.key, request.version);
    CHECK(version.has_value());
    return with_length(encode(ResponseHeader{request.correlation_id}, *version), std::move(body));
}

std::optional<CorrelationId> peek_response_correlation_id(ByteView frame) {
    if (frame.size() < sizeof(std::int32_t)) return std::nullopt;
    return CorrelationId{load_be<std::int32_t>(frame.data())};
}

}  // namespace glasslog::protocol
