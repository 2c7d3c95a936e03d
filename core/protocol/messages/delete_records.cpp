#include "core/protocol/messages/delete_records.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<DeleteRecordsRequest>;
template struct MessageCodec<DeleteRecordsResponse>;

}  // namespace glasslog::protocol
