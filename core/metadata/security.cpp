#include "core/metadata/security.hpp"

namespace glasslog::metadata {

std::uint64_t treap_priority(const ScramName& name) {
    return StableHash()
        .add(std::string_view(name.user))
        .add(static_cast<std::uint64_t>(name.mechanism))
        .value();
}

std::uint64_t treap_priority(const QuotaName& name) {
    StableHash hash;
    for (const auto& [type, entity] : name.entity) {
        hash.add(std::string_view(type)).add(std::uint64_t{entity.has_value()});
        hash.add(std::string_view(entity.value_or("")));
    }
    return hash.add(std::string_view(name.quota)).value();
}

QuotaName name_of(const protocol::ClientQuotaRecord& record) {
    QuotaName name{.entity = {}, .quota = record.quota_key};
    for (const auto& part : record.entity)
        name.entity[part.entity_type] = part.entity_name;
    return name;
}

void Security::apply(const protocol::ClientQuotaRecord& record) {
    using Record = protocol::ClientQuotaRecord;
    QuotaName name = name_of(record);
    quotas = record.remove ? quotas.without(name)
                           : quotas.with(std::move(name), std::make_shared<const Record>(record));
}

void Security::apply(const protocol::AccessControlEntryRecord& record) {
    using Record = protocol::AccessControlEntryRecord;
    access_rules = access_rules.with(record.id, std::make_shared<const Record>(record));
}

void Security::apply(const protocol::RemoveAccessControlEntryRecord& record) {
    access_rules = access_rules.without(record.id);
}

void Security::apply(const protocol::UserScramCredentialRecord& record) {
    using Record = protocol::UserScramCredentialRecord;
    scram_credentials = scram_credentials.with({record.name, record.mechanism},
                                               std::make_shared<const Record>(record));
}

void Security::apply(const protocol::RemoveUserScramCredentialRecord& record) {
    scram_credentials = scram_credentials.without({record.name, record.mechanism});
}

void Security::apply(const protocol::DelegationTokenRecord& record) {
    using Record = protocol::DelegationTokenRecord;
    delegation_tokens =
        delegation_tokens.with(record.token_id, std::make_shared<const Record>(record));
}

void Security::apply(const protocol::RemoveDelegationTokenRecord& record) {
    delegation_tokens = delegation_tokens.without(record.token_id);
}

}  // namespace glasslog::metadata
