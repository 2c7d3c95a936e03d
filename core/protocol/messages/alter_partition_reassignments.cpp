#include "core/protocol/messages/alter_partition_reassignments.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<AlterPartitionReassignmentsRequest>;
template struct MessageCodec<AlterPartitionReassignmentsResponse>;

}  // namespace glasslog::protocol
