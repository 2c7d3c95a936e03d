#include "core/protocol/messages/controller_registration.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<ControllerRegistrationRequest>;
template struct MessageCodec<ControllerRegistrationResponse>;

}  // namespace glasslog::protocol
