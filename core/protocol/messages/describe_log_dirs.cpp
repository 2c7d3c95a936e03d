#include "core/protocol/messages/describe_log_dirs.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<DescribeLogDirsRequest>;
template struct MessageCodec<DescribeLogDirsResponse>;

}  // namespace glasslog::protocol
