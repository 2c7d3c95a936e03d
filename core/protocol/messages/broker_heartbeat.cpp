#include "core/protocol/messages/broker_heartbeat.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<BrokerHeartbeatRequest>;
template struct MessageCodec<BrokerHeartbeatResponse>;

}  // namespace glasslog::protocol
