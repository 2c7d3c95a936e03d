#include "core/protocol/messages/fetch.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<FetchRequest>;
template struct MessageCodec<FetchResponse>;

}  // namespace glasslog::protocol
