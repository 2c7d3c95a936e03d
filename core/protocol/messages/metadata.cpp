#include "core/protocol/messages/metadata.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<MetadataRequest>;
template struct MessageCodec<MetadataResponse>;

}  // namespace glasslog::protocol
