#include "core/protocol/messages/assign_replicas_to_dirs.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<AssignReplicasToDirsRequest>;
template struct MessageCodec<AssignReplicasToDirsResponse>;

}  // namespace glasslog::protocol
