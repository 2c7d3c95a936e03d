#include "core/protocol/messages/delete_topics.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<DeleteTopicsRequest>;
template struct MessageCodec<DeleteTopicsResponse>;

}  // namespace glasslog::protocol
