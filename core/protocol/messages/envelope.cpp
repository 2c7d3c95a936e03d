#include "core/protocol/messages/envelope.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<EnvelopeRequest>;
template struct MessageCodec<EnvelopeResponse>;
template struct MessageCodec<DefaultPrincipalData>;

}  // namespace glasslog::protocol
