#include "core/protocol/messages/update_raft_voter.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<UpdateRaftVoterRequest>;
template struct MessageCodec<UpdateRaftVoterResponse>;

}  // namespace glasslog::protocol
