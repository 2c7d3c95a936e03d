#pragma once

// Whole messages on a connection: int32 length (of all that follows), header, body. The length is
// read by core/rpc; a frame here is what follows it.

#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/protocol/api.hpp"
#include "core/protocol/messages/headers.hpp"

namespace glasslog::protocol {

inline constexpr std::size_t length_prefix_size = 4;

// A request whose header is read and whose body is not.
struct RequestFrame {
    RequestHeader header;
    Bytes body;
};

// Refuses an API that is not spoken and a broken header. A version out of range passes: the caller
// answers ApiVersions in version 0, and closes the connection on anything else.
Expected<RequestFrame, DecodeError> decode_request_frame(const Bytes& frame);

// With its length prefix, ready to be sent. The header's key is spoken.
Payload encode_request_frame(const RequestHeader& header, Payload body);

// A response whose header is read and whose body is not. key and version are the request's.
struct ResponseFrame {
    CorrelationId correlation_id;
    Bytes body;
};

Expected<ResponseFrame, DecodeError> decode_response_frame(ApiKey key,
                                                           Version version,
                                                           const Bytes& frame);

// What a response's header needs to know of its request.
struct ResponseTo {
    ApiKey key;
    Version version;
    CorrelationId correlation_id;
};

// With its length prefix, ready to be sent.
Payload encode_response_frame(const ResponseTo& request, Payload body);

// What a response frame begins with, whatever API it answers; empty when it is too short.
std::optional<CorrelationId> peek_response_correlation_id(ByteView frame);

}  // namespace glasslog::protocol
