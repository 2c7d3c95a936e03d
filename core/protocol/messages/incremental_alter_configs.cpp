#include "core/protocol/messages/incremental_alter_configs.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<IncrementalAlterConfigsRequest>;
template struct MessageCodec<IncrementalAlterConfigsResponse>;

}  // namespace glasslog::protocol
