#include "core/protocol/messages/describe_quorum.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<DescribeQuorumRequest>;
template struct MessageCodec<DescribeQuorumResponse>;

}  // namespace glasslog::protocol
