#include "core/protocol/messages/list_partition_reassignments.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<ListPartitionReassignmentsRequest>;
template struct MessageCodec<ListPartitionReassignmentsResponse>;

}  // namespace glasslog::protocol
