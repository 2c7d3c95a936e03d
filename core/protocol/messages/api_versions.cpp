#include "core/protocol/messages/api_versions.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<ApiVersionsRequest>;
template struct MessageCodec<ApiVersionsResponse>;

}  // namespace glasslog::protocol
