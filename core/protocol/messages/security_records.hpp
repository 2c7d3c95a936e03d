#pragma once

// Records of __cluster_metadata (KIP-631) about who may do what and how much: delegation tokens,
// SCRAM credentials, access control entries, quotas.

#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// A delegation token is created or renewed (KIP-48). Its HMAC is not logged: it follows from the
// id and the secret key of the brokers. Milliseconds since 1970 UTC.
struct DelegationTokenRecord {
    static constexpr std::string_view message_name = "DelegationTokenRecord";
    static constexpr MessageKind kind = MessageKind::metadata;
    static constexpr std::int16_t key = 10;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    std::string owner;
    std::string requester;
    std::vector<std::string> renewers;
    std::int64_t issue_timestamp = 0;
    std::int64_t max_timestamp = 0;
    std::int64_t expiration_timestamp = 0;
    std::string token_id;

    static void walk(auto& self, auto& w) {
        w.field("owner", self.owner);
        w.field("requester", self.requester);
        w.array("renewers", self.renewers);
        w.field("issue_timestamp", self.issue_timestamp);
        w.field("max_timestamp", self.max_timestamp);
        w.field("expiration_timestamp", self.expiration_timestamp);
        w.field("token_id", self.token_id);
    }

    friend bool operator==(const DelegationTokenRecord&, const DelegationTokenRecord&) = default;
};

// A delegation token goes.
struct RemoveDelegationTokenRecord {
    static constexpr std::string_view message_name = "RemoveDelegationTokenRecord";
    static constexpr MessageKind kind = MessageKind::metadata;
    static constexpr std::int16_t key = 26;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    std::string token_id;

    static void walk(auto& self, auto& w) { w.field("token_id", self.token_id); }

    friend bool operator==(const RemoveDelegationTokenRecord&,
                           const RemoveDelegationTokenRecord&) = default;
};

// A user's SCRAM credential is set (KIP-84). mechanism: 1 SCRAM-SHA-256, 2 SCRAM-SHA-512. Whoever
// has the keys can pass for the server, and try passwords.
struct UserScramCredentialRecord {
    static constexpr std::string_view message_name = "UserScramCredentialRecord";
    static constexpr MessageKind kind = MessageKind::metadata;
    static constexpr std::int16_t key = 11;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    std::string name;
    std::int8_t mechanism = 0;
    Bytes salt;
    Bytes stored_key;
    Bytes server_key;
    std::int32_t iterations = 0;

    static void walk(auto& self, auto& w) {
        w.field("name", self.name);
        w.field("mechanism", self.mechanism);
        w.field("salt", self.salt, secret());
        w.field("stored_key", self.stored_key, secret());
        w.field("server_key", self.server_key, secret());
        w.field("iterations", self.iterations);
    }

    friend bool operator==(const UserScramCredentialRecord&,
                           const UserScramCredentialRecord&) = default;
};

// A user's SCRAM credential goes.
struct RemoveUserScramCredentialRecord {
    static constexpr std::string_view message_name = "RemoveUserScramCredentialRecord";
    static constexpr MessageKind kind = MessageKind::metadata;
    static constexpr std::int16_t key = 22;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    std::string name;
    std::int8_t mechanism = 0;

    static void walk(auto& self, auto& w) {
        w.field("name", self.name);
        w.field("mechanism", self.mechanism);
    }

    friend bool operator==(const RemoveUserScramCredentialRecord&,
                           const RemoveUserScramCredentialRecord&) = default;
};

// A rule of the authorizer (KIP-801), in the numbers of the ACL APIs.
struct AccessControlEntryRecord {
    static constexpr std::string_view message_name = "AccessControlEntryRecord";
    static constexpr MessageKind kind = MessageKind::metadata;
    static constexpr std::int16_t key = 18;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    Uuid id;
    std::int8_t resource_type = 0;
    std::string resource_name;
    std::int8_t pattern_type = 0;
    std::string principal;
    std::string host;
    std::int8_t operation = 0;
    std::int8_t permission_type = 0;

    static void walk(auto& self, auto& w) {
        w.field("id", self.id);
        w.field("resource_type", self.resource_type);
        w.field("resource_name", self.resource_name);
        w.field("pattern_type", self.pattern_type);
        w.field("principal", self.principal);
        w.field("host", self.host);
        w.field("operation", self.operation);
        w.field("permission_type", self.permission_type);
    }

    friend bool operator==(const AccessControlEntryRecord&,
                           const AccessControlEntryRecord&) = default;
};

// A rule of the authorizer goes.
struct RemoveAccessControlEntryRecord {
    static constexpr std::string_view message_name = "RemoveAccessControlEntryRecord";
    static constexpr MessageKind kind = MessageKind::metadata;
    static constexpr std::int16_t key = 19;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    Uuid id;

    static void walk(auto& self, auto& w) { w.field("id", self.id); }

    friend bool operator==(const RemoveAccessControlEntryRecord&,
                           const RemoveAccessControlEntryRecord&) = default;
};

// A quota of an entity is set, or removed. An entity is named by up to three parts, such as user
// and client id; entity_name null: the default of that type.
struct ClientQuotaRecord {
    static constexpr std::string_view message_name = "ClientQuotaRecord";
    static constexpr MessageKind kind = MessageKind::metadata;
    static constexpr std::int16_t key = 14;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    struct EntityPart {
        std::string entity_type;
        std::optional<std::string> entity_name;

        static void walk(auto& self, auto& w) {
            w.field("entity_type", self.entity_type);
            w.field("entity_name", self.entity_name, nullable());
        }

        friend bool operator==(const EntityPart&, const EntityPart&) = default;
    };

    std::vector<EntityPart> entity;
    std::string quota_key;
    Float64 value;
    bool remove = false;

    static void walk(auto& self, auto& w) {
        w.array("entity", self.entity);
        w.field("key", self.quota_key);
        w.field("value", self.value);
        w.field("remove", self.remove);
    }

    friend bool operator==(const ClientQuotaRecord&, const ClientQuotaRecord&) = default;
};

}  // namespace glasslog::protocol
