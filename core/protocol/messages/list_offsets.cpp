#include "core/protocol/messages/list_offsets.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<ListOffsetsRequest>;
template struct MessageCodec<ListOffsetsResponse>;

}  // namespace glasslog::protocol
