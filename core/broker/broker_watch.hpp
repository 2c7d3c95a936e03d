#pragma once

// BrokerWatch: fast detection of dead brokers, beside the active controller. When the connection by
// which a broker sent its heartbeats ends, its listener is tried twice within 50 ms; refused both
// times, nobody listens there, and the broker is fenced without waiting for its session to end. A
// fence is always safe: a broker that lives asks to be let in again. Kafka waits for the session.

#include "core/base/ids.hpp"
#include "core/metadata/service.hpp"
#include "core/runtime/gate.hpp"
#include "core/runtime/runtime.hpp"

#include <cstdint>
#include <map>

namespace glasslog::broker {

class BrokerWatch {
public:
    BrokerWatch(const runtime::Runtime& runtime, metadata::Service& service);

    // Broker `id` sent a heartbeat by this connection.
    void beat(std::uint64_t connection, NodeId id, BrokerEpoch epoch);

    void closed(std::uint64_t connection);

private:
    struct Incarnation {
        NodeId id;
        BrokerEpoch epoch;
    };

    static constexpr std::size_t watched_count_max = 10'000;

    void knock(const Incarnation& broker, int refusals);
    void refused(const Incarnation& broker, int refusals);

    const runtime::Runtime& runtime_;
    metadata::Service& service_;
    std::map<std::uint64_t, Incarnation> watched_;    // by connection
    std::map<NodeId, runtime::Timer> second_knocks_;  // of those that refused once
    runtime::Gate gate_;
};

}  // namespace glasslog::broker
