#include "core/protocol/messages/create_partitions.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<CreatePartitionsRequest>;
template struct MessageCodec<CreatePartitionsResponse>;

}  // namespace glasslog::protocol
