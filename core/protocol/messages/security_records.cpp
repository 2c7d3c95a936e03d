#include "core/protocol/messages/security_records.hpp"

#include "core/protocol/walkers.hpp"

namespace glasslog::protocol {

template struct MessageCodec<DelegationTokenRecord>;
template struct MessageCodec<RemoveDelegationTokenRecord>;
template struct MessageCodec<UserScramCredentialRecord>;
template struct MessageCodec<RemoveUserScramCredentialRecord>;
template struct MessageCodec<AccessControlEntryRecord>;
template struct MessageCodec<RemoveAccessControlEntryRecord>;
template struct MessageCodec<ClientQuotaRecord>;

}  // namespace glasslog::protocol
