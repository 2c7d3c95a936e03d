#include "core/protocol/messages/describe_cluster.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<DescribeClusterRequest>;
template struct MessageCodec<DescribeClusterResponse>;

}  // namespace glasslog::protocol
