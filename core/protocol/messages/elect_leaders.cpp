#include "core/protocol/messages/elect_leaders.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<ElectLeadersRequest>;
template struct MessageCodec<ElectLeadersResponse>;

}  // namespace glasslog::protocol
