#pragma once

// Entry points of the wire: encode, decode, print. Bodies are in walkers.hpp, instantiated once per
// message in its .cpp (`template struct MessageCodec<ProduceRequest>;`), so that users compile
// fast.

#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// A message, and how many bytes it took.
template <typename Message>
struct DecodedMessage {
    Message message;
    std::size_t size = 0;
};

template <typename Message>
struct MessageCodec {
    static Payload encode(const Message& message, Version version);
    static Expected<DecodedMessage<Message>, DecodeError> decode_prefix(const Bytes& bytes,
                                                                        Version version);
    static std::string print(const Message& message, Version version);
    static std::string schema();
};

// The body's bytes in that version; records are chained in, not copied. A field that the version
// does not have is left out; a string is cut to string_bytes_max, at the end of a character. CHECKs
// that the version is one of Message::versions.
template <typename Message>
Payload encode(const Message& message, Version version) {
    return MessageCodec<Message>::encode(message, version);
}

// Reads a message from the start of `bytes`; whatever follows it is left alone. Records are slices
// of `bytes`. Refuses a version out of range, truncation, lengths beyond the bytes left, and
// strings beyond string_bytes_max; allocates at most about 64 times bytes.size().
template <typename Message>
Expected<DecodedMessage<Message>, DecodeError> decode_prefix(const Bytes& bytes, Version version) {
    return MessageCodec<Message>::decode_prefix(bytes, version);
}

// As decode_prefix; bytes after the message are ignored in a request (Kafka does, and librdkafka
// sends some), refused in anything else.
template <typename Message>
Expected<Message, DecodeError> decode(const Bytes& bytes, Version version) {
    auto decoded = MessageCodec<Message>::decode_prefix(bytes, version);
    if (!decoded) return Unexpected{std::move(decoded).error()};
    const std::size_t left = bytes.size() - decoded->size;
    if (left != 0 && Message::kind != MessageKind::request) {
        return Unexpected{DecodeError{
            fmt::format("{}: {} bytes after the last field", Message::message_name, left),
            decoded->size}};
    }
    return std::move(decoded->message);
}

// One line of JSON: the fields that this version has, by their names here. Records as their size.
template <typename Message>
std::string print(const Message& message, Version version) {
    return MessageCodec<Message>::print(message, version);
}

}  // namespace glasslog::protocol
