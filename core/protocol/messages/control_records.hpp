#pragma once

// Values of the control records that KRaft writes into its log and snapshots (KIP-595, KIP-630,
// KIP-853).

#include "core/protocol/messages/endpoints.hpp"
#include "core/protocol/walk.hpp"

namespace glasslog::protocol {

// First record of a leader's epoch.
struct LeaderChangeMessage {
    static constexpr std::string_view message_name = "LeaderChangeMessage";
    static constexpr MessageKind kind = MessageKind::data;
    static constexpr VersionRange versions{0, 1};
    static constexpr Version flexible_from{0};

    struct Voter {
        NodeId voter_id;
        Uuid voter_directory_id;

        static void walk(auto& self, auto& w) {
            w.field("voter_id", self.voter_id);
            w.field("voter_directory_id", self.voter_directory_id, since(1));
        }

        friend bool operator==(const Voter&, const Voter&) = default;
    };

    std::int16_t version = 0;
    NodeId leader_id;
    std::vector<Voter> voters;
    std::vector<Voter> granting_voters;

    static void walk(auto& self, auto& w) {
        w.field("version", self.version);
        w.field("leader_id", self.leader_id);
        w.array("voters", self.voters);
        w.array("granting_voters", self.granting_voters);
    }

    friend bool operator==(const LeaderChangeMessage&, const LeaderChangeMessage&) = default;
};

// First record of a snapshot. Milliseconds since 1970 UTC.
struct SnapshotHeaderRecord {
    static constexpr std::string_view message_name = "SnapshotHeaderRecord";
    static constexpr MessageKind kind = MessageKind::data;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    std::int16_t version = 0;
    std::int64_t last_contained_log_timestamp = 0;

    static void walk(auto& self, auto& w) {
        w.field("version", self.version);
        w.field("last_contained_log_timestamp", self.last_contained_log_timestamp);
    }

    friend bool operator==(const SnapshotHeaderRecord&, const SnapshotHeaderRecord&) = default;
};

// Last record of a snapshot.
struct SnapshotFooterRecord {
    static constexpr std::string_view message_name = "SnapshotFooterRecord";
    static constexpr MessageKind kind = MessageKind::data;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    std::int16_t version = 0;

    static void walk(auto& self, auto& w) { w.field("version", self.version); }

    friend bool operator==(const SnapshotFooterRecord&, const SnapshotFooterRecord&) = default;
};

// The finalized level of kraft.version.
struct KRaftVersionRecord {
    static constexpr std::string_view message_name = "KRaftVersionRecord";
    static constexpr MessageKind kind = MessageKind::data;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    std::int16_t version = 0;
    std::int16_t kraft_version = 0;

    static void walk(auto& self, auto& w) {
        w.field("version", self.version);
        w.field("kraft_version", self.kraft_version);
    }

    friend bool operator==(const KRaftVersionRecord&, const KRaftVersionRecord&) = default;
};

// The voters of the quorum from here on.
struct VotersRecord {
    static constexpr std::string_view message_name = "VotersRecord";
    static constexpr MessageKind kind = MessageKind::data;
    static constexpr VersionRange versions{0, 0};
    static constexpr Version flexible_from{0};

    using Endpoint = VoterEndpoint;
    using VersionFeature = KRaftVersionFeature;

    struct Voter {
        NodeId voter_id;
        Uuid voter_directory_id;
        std::vector<Endpoint> endpoints;
        VersionFeature kraft_version_feature;

        static void walk(auto& self, auto& w) {
            w.field("voter_id", self.voter_id);
            w.field("voter_directory_id", self.voter_directory_id);
            w.array("endpoints", self.endpoints);
            w.field("kraft_version_feature", self.kraft_version_feature);
        }

        friend bool operator==(const Voter&, const Voter&) = default;
    };

    std::int16_t version = 0;
    std::vector<Voter> voters;

    static void walk(auto& self, auto& w) {
        w.field("version", self.version);
        w.array("voters", self.voters);
    }

    friend bool operator==(const VotersRecord&, const VotersRecord&) = default;
};

}  // namespace glasslog::protocol
