#include "core/protocol/messages/fetch_snapshot.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<FetchSnapshotRequest>;
template struct MessageCodec<FetchSnapshotResponse>;

}  // namespace glasslog::protocol
