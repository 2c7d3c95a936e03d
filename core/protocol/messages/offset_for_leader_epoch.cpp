#include "core/protocol/messages/offset_for_leader_epoch.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<OffsetForLeaderEpochRequest>;
template struct MessageCodec<OffsetForLeaderEpochResponse>;

}  // namespace glasslog::protocol
