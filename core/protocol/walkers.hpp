#pragma once

// Bodies of MessageCodec. Included only by the .cpp that instantiates a message:
//   template struct glasslog::protocol::MessageCodec<glasslog::protocol::ProduceRequest>;

#include "core/protocol/codec.hpp"
#include "core/protocol/printer.hpp"
#include "core/protocol/reader.hpp"
#include "core/protocol/schema.hpp"
#include "core/protocol/writer.hpp"

namespace glasslog::protocol {

template <typename Message>
Payload MessageCodec<Message>::encode(const Message& message, Version version) {
    CHECK(Message::versions.contains(version), "{} version {}", Message::message_name, version);
    Writer writer(version, version >= Message::flexible_from);
    writer.structure(message);
    return writer.finish();
}

template <typename Message>
Expected<DecodedMessage<Message>, DecodeError> MessageCodec<Message>::decode_prefix(
    const Bytes& bytes, Version version) {
    if (!Message::versions.contains(version)) {
        return Unexpected{
            DecodeError{fmt::format("{} has no version {}", Message::message_name, version), 0}};
    }
    Reader reader(bytes, version, version >= Message::flexible_from);
    DecodedMessage<Message> decoded;
    reader.structure(decoded.message);
    if (!reader.ok()) {
        DecodeError error = reader.error();
        error.what = fmt::format("{} version {}: {}", Message::message_name, version, error.what);
        return Unexpected{std::move(error)};
    }
    decoded.size = reader.position();
    return decoded;
}

template <typename Message>
std::string MessageCodec<Message>::print(const Message& message, Version version) {
    Printer printer(version);
    printer.structure(message);
    return printer.finish();
}

template <typename Message>
std::string MessageCodec<Message>::schema() {
    SchemaHead head{Message::message_name,
                    Message::kind,
                    std::nullopt,
                    Message::versions,
                    Message::flexible_from};
    if constexpr (requires { Message::key; }) head.key = to_wire(Message::key);
    return schema_message(head, SchemaWriter().fields_of<Message>());
}

}  // namespace glasslog::protocol
