#pragma once

// Records that frame others of __cluster_metadata: a metadata transaction (KIP-868), and the mark
// of a migration from ZooKeeper (KIP-866).

#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// What follows counts only once it is ended; an abort undoes it.
struct BeginTransactionRecord {
    static constexpr std::string_view message_name = "BeginTransactionRecord";
    static constexpr MessageKind kind = MessageKind::metadata;
    static constexpr std::int16_t key = 23;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    std::optional<std::string> name;

    static void walk(auto& self, auto& w) { w.field("name", self.name, tagged(0) | nullable()); }

    friend bool operator==(const BeginTransactionRecord&, const BeginTransactionRecord&) = default;
};

// What came since the begin counts.
struct EndTransactionRecord {
    static constexpr std::string_view message_name = "EndTransactionRecord";
    static constexpr MessageKind kind = MessageKind::metadata;
    static constexpr std::int16_t key = 24;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    static void walk(auto& /*self*/, auto& /*w*/) {}

    friend bool operator==(const EndTransactionRecord&, const EndTransactionRecord&) = default;
};

// What came since the begin never was.
struct AbortTransactionRecord {
    static constexpr std::string_view message_name = "AbortTransactionRecord";
    static constexpr MessageKind kind = MessageKind::metadata;
    static constexpr std::int16_t key = 25;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    std::optional<std::string> reason;

    static void walk(auto& self, auto& w) {
        w.field("reason", self.reason, tagged(0) | nullable());
    }

    friend bool operator==(const AbortTransactionRecord&, const AbortTransactionRecord&) = default;
};

// 0 none, 1 pre-migration, 2 migration, 3 post-migration. Old logs only.
struct ZkMigrationStateRecord {
    static constexpr std::string_view message_name = "ZkMigrationStateRecord";
    static constexpr MessageKind kind = MessageKind::metadata;
    static constexpr std::int16_t key = 21;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    std::int8_t zk_migration_state = 0;

    static void walk(auto& self, auto& w) {
        w.field("zk_migration_state", self.zk_migration_state);
    }

    friend bool operator==(const ZkMigrationStateRecord&, const ZkMigrationStateRecord&) = default;
};

}  // namespace glasslog::protocol
