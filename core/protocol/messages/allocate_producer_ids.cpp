#include "core/protocol/messages/allocate_producer_ids.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<AllocateProducerIdsRequest>;
template struct MessageCodec<AllocateProducerIdsResponse>;

}  // namespace glasslog::protocol
