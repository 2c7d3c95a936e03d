#include "core/protocol/messages/describe_configs.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<DescribeConfigsRequest>;
template struct MessageCodec<DescribeConfigsResponse>;

}  // namespace glasslog::protocol
