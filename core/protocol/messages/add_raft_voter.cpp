#include "core/protocol/messages/add_raft_voter.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<AddRaftVoterRequest>;
template struct MessageCodec<AddRaftVoterResponse>;

}  // namespace glasslog::protocol
