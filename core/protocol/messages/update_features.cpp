#include "core/protocol/messages/update_features.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<UpdateFeaturesRequest>;
template struct MessageCodec<UpdateFeaturesResponse>;

}  // namespace glasslog::protocol
