#include "core/protocol/messages/init_producer_id.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<InitProducerIdRequest>;
template struct MessageCodec<InitProducerIdResponse>;

}  // namespace glasslog::protocol
