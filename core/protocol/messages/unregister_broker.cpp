#include "core/protocol/messages/unregister_broker.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<UnregisterBrokerRequest>;
template struct MessageCodec<UnregisterBrokerResponse>;

}  // namespace glasslog::protocol
