#pragma once

// Security: who may do what, as of one offset of the metadata log: access control entries, SCRAM
// credentials, delegation tokens, quotas. Each is kept as the record that set it, under the name by
// which a later record replaces or removes it. Sources: KIP-801, KIP-84, KIP-900, KIP-546.

#include "core/metadata/persistent_map.hpp"
#include "core/protocol/messages/security_records.hpp"

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace glasslog::metadata {

// mechanism: 1 SCRAM-SHA-256, 2 SCRAM-SHA-512.
struct ScramName {
    std::string user;
    std::int8_t mechanism = 0;

    friend auto operator<=>(const ScramName&, const ScramName&) = default;
};

// entity: type ("user", "client-id", "ip") to name; no name: the default of that type.
struct QuotaName {
    std::map<std::string, std::optional<std::string>> entity;
    std::string quota;  // "producer_byte_rate", …

    friend auto operator<=>(const QuotaName&, const QuotaName&) = default;
};

std::uint64_t treap_priority(const ScramName& name);
std::uint64_t treap_priority(const QuotaName& name);

QuotaName name_of(const protocol::ClientQuotaRecord& record);

struct Security {
    template <typename Name, typename Record>
    using Kept = PersistentMap<Name, std::shared_ptr<const Record>>;

    Kept<QuotaName, protocol::ClientQuotaRecord> quotas;
    Kept<Uuid, protocol::AccessControlEntryRecord> access_rules;
    Kept<ScramName, protocol::UserScramCredentialRecord> scram_credentials;
    Kept<std::string, protocol::DelegationTokenRecord> delegation_tokens;  // by token id

    void apply(const protocol::ClientQuotaRecord& record);
    void apply(const protocol::AccessControlEntryRecord& record);
    void apply(const protocol::RemoveAccessControlEntryRecord& record);
    void apply(const protocol::UserScramCredentialRecord& record);
    void apply(const protocol::RemoveUserScramCredentialRecord& record);
    void apply(const protocol::DelegationTokenRecord& record);
    void apply(const protocol::RemoveDelegationTokenRecord& record);
};

}  // namespace glasslog::metadata
