#include "core/protocol/messages/create_topics.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<CreateTopicsRequest>;
template struct MessageCodec<CreateTopicsResponse>;

}  // namespace glasslog::protocol
