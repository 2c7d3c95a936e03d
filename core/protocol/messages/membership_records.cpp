#include "core/protocol/messages/membership_records.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<UnregisterBrokerRecord>;
template struct MessageCodec<FenceBrokerRecord>;
template struct MessageCodec<UnfenceBrokerRecord>;
template struct MessageCodec<RegisterControllerRecord>;

}  // namespace glasslog::protocol
