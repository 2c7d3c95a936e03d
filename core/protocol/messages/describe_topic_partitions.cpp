#include "core/protocol/messages/describe_topic_partitions.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<DescribeTopicPartitionsRequest>;
template struct MessageCodec<DescribeTopicPartitionsResponse>;

}  // namespace glasslog::protocol
