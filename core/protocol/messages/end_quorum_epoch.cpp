#include "core/protocol/messages/end_quorum_epoch.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<EndQuorumEpochRequest>;
template struct MessageCodec<EndQuorumEpochResponse>;

}  // namespace glasslog::protocol
