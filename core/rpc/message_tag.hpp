#pragma once

// Tells the network what a message is: see runtime::MessageTag.

#include "core/protocol/messages/headers.hpp"
#include "core/runtime/transport.hpp"

namespace glasslog::rpc {

enum class Direction : std::uint8_t { request, response };

// header: of the request, for both directions.
inline runtime::MessageTag tag_of(const protocol::RequestHeader& header, Direction direction) {
    return {.api_key = static_cast<std::int16_t>(header.request_api_key),
            .api_version = header.request_api_version.value(),
            .correlation_id = header.correlation_id.value(),
            .is_response = direction == Direction::response};
}

}  // namespace glasslog::rpc
