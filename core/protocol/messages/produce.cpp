#include "core/protocol/messages/produce.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<ProduceRequest>;
template struct MessageCodec<ProduceResponse>;

}  // namespace glasslog::protocol
