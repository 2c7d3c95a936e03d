#include "core/protocol/messages/alter_partition.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<AlterPartitionRequest>;
template struct MessageCodec<AlterPartitionResponse>;

}  // namespace glasslog::protocol
