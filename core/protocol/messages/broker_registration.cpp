#include "core/protocol/messages/broker_registration.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<BrokerRegistrationRequest>;
template struct MessageCodec<BrokerRegistrationResponse>;

}  // namespace glasslog::protocol
