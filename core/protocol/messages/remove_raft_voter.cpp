#include "core/protocol/messages/remove_raft_voter.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<RemoveRaftVoterRequest>;
template struct MessageCodec<RemoveRaftVoterResponse>;

}  // namespace glasslog::protocol
