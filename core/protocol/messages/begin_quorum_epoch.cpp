#include "core/protocol/messages/begin_quorum_epoch.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<BeginQuorumEpochRequest>;
template struct MessageCodec<BeginQuorumEpochResponse>;

}  // namespace glasslog::protocol
