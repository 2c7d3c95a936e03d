#pragma once

// Who leads a partition: a pure function of its replicas and of who may be chosen. Sources: Kafka
// replication design, KIP-966; docs/metadata.md, "Elections".

#include "core/base/ids.hpp"

#include <cstdint>
#include <vector>

namespace glasslog::metadata {

// online: keep the leader when it may lead. preferred: replicas[0] if it may lead, but a leader
// that may lead is not disturbed for another one. unclean: as online, and then anyone alive.
enum class ElectionKind : std::uint8_t { online, preferred, unclean };

// What an election looks at. eligible and last_known are empty unless eligible leader replicas
// are on.
struct Ballot {
    std::vector<NodeId> replicas;    // the preferred leader first
    std::vector<NodeId> isr;         // as it will be
    std::vector<NodeId> eligible;    // the ELR, as it will be
    std::vector<NodeId> last_known;  // the last leader, when nobody leads
    std::vector<NodeId> acceptable;  // alive, not shutting down, directory online
    NodeId leader = no_node;         // as it is
};

// How the leader was found. last_known_leader counts as unclean: its log may have lost a tail.
enum class ElectedFrom : std::uint8_t { nobody, isr, eligible, last_known, any_replica };

struct Election {
    NodeId leader = no_node;
    ElectedFrom from = ElectedFrom::nobody;

    bool is_unclean() const {
        return from == ElectedFrom::last_known || from == ElectedFrom::any_replica;
    }

    friend bool operator==(const Election&, const Election&) = default;
};

// A valid leader is acceptable and in the ISR, or, when the ISR is empty, in the ELR.
Election elect(const Ballot& ballot, ElectionKind kind);

}  // namespace glasslog::metadata
