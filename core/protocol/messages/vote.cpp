#include "core/protocol/messages/vote.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<VoteRequest>;
template struct MessageCodec<VoteResponse>;

}  // namespace glasslog::protocol
