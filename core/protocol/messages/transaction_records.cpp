#include "core/protocol/messages/transaction_records.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<BeginTransactionRecord>;
template struct MessageCodec<EndTransactionRecord>;
template struct MessageCodec<AbortTransactionRecord>;
template struct MessageCodec<ZkMigrationStateRecord>;

}  // namespace glasslog::protocol
