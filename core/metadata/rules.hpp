#pragma once

// Rules of the metadata controller: the default of each is the correct protocol, the other
// enumerator a mistake that a real system made or that an invariant exists to catch. Only the
// simulator and tests build one that is not the default.

#include <cstdint>

namespace glasslog::metadata {

// Who may lead a partition that no in-sync (or eligible) replica is left of. any_live_replica: the
// data of the in-sync replicas is lost (Kafka before KIP-106 by default).
enum class ElectionRule : std::uint8_t { in_sync_or_eligible, any_live_replica };

// What becomes of the last in-sync replica that goes away, when eligible leader replicas are on.
// stays_in_sync: it is elected again, whatever it lost meanwhile (Kafka before KIP-966).
enum class LastMemberRule : std::uint8_t { becomes_eligible, stays_in_sync };

// What a broker keeps that comes back without a clean shutdown. keeps_eligibility: it may lead
// though a tail of its log is gone (Kafka before KIP-966).
enum class UncleanRestartRule : std::uint8_t { loses_eligibility, keeps_eligibility };

// Whom a leader may take into the in-sync replicas. any_replica: also fenced brokers and earlier
// incarnations (Kafka before KIP-841 and KIP-903).
enum class IsrRule : std::uint8_t { live_incarnation, any_replica };

// ignored: a request of an earlier incarnation is obeyed (invariant M8).
enum class BrokerEpochRule : std::uint8_t { must_match, ignored };

// ignored: an in-sync set that was computed from an older one overwrites what came between
// (invariant M10; the compare-and-set of KIP-497).
enum class PartitionEpochRule : std::uint8_t { must_match, ignored };

// name: a topic that is deleted and created again is the same topic (Kafka before KIP-516).
enum class TopicIdentity : std::uint8_t { id, name };

// answered_only: a block of producer ids is given without a record, so the next one overlaps
// (invariant M14).
enum class ProducerIdRule : std::uint8_t { logged, answered_only };

// by_leader_only: the epoch of a partition's leader stays when a replica is taken away, so a
// replica that is gone still counts for the leader that has not heard of it.
enum class ReassignmentEpochRule : std::uint8_t { removal_bumps, by_leader_only };

struct Rules {
    ElectionRule election = ElectionRule::in_sync_or_eligible;
    LastMemberRule last_member = LastMemberRule::becomes_eligible;
    UncleanRestartRule unclean_restart = UncleanRestartRule::loses_eligibility;
    IsrRule isr = IsrRule::live_incarnation;
    BrokerEpochRule broker_epoch = BrokerEpochRule::must_match;
    PartitionEpochRule partition_epoch = PartitionEpochRule::must_match;
    TopicIdentity topic_identity = TopicIdentity::id;
    ProducerIdRule producer_ids = ProducerIdRule::logged;
    ReassignmentEpochRule reassignment_epoch = ReassignmentEpochRule::removal_bumps;
};

}  // namespace glasslog::metadata
