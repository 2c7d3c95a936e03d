#include "core/protocol/messages/control_records.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<LeaderChangeMessage>;
template struct MessageCodec<SnapshotHeaderRecord>;
template struct MessageCodec<SnapshotFooterRecord>;
template struct MessageCodec<KRaftVersionRecord>;
template struct MessageCodec<VotersRecord>;

}  // namespace glasslog::protocol
