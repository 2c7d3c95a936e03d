#include "core/protocol/messages/metadata_records.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<RegisterBrokerRecord>;
template struct MessageCodec<TopicRecord>;
template struct MessageCodec<PartitionRecord>;
template struct MessageCodec<ConfigRecord>;
template struct MessageCodec<PartitionChangeRecord>;
template struct MessageCodec<RemoveTopicRecord>;
template struct MessageCodec<FeatureLevelRecord>;
template struct MessageCodec<ProducerIdsRecord>;
template struct MessageCodec<BrokerRegistrationChangeRecord>;
template struct MessageCodec<ClearElrRecord>;
template struct MessageCodec<NoOpRecord>;

}  // namespace glasslog::protocol
