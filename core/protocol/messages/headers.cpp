#include "core/protocol/messages/headers.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<RequestHeader>;
template struct MessageCodec<ResponseHeader>;

}  // namespace glasslog::protocol
