#pragma once

// Peers: connections to the other nodes of the quorum, two for each: a Vote never waits behind a
// Fetch that its receiver has parked.

#include "core/base/ids.hpp"
#include "core/rpc/client.hpp"
#include "core/runtime/gate.hpp"
#include "core/runtime/runtime.hpp"

#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace glasslog::raft {

enum class Lane : std::uint8_t { questions, fetches };

struct PeerPatience {
    Duration request_timeout;
    Duration retry_backoff;
};

class Peers {
public:
    Peers(const runtime::Runtime& runtime, NodeId self, PeerPatience patience);

    // Node `to`, which listens at `at`; a connection to where it listened before is given up.
    rpc::Client& client(NodeId to, Lane lane, const runtime::Endpoint& at);

    // Asks whether anybody listens there; `refused` runs when nobody does.
    void knock(const runtime::Endpoint& at, UniqueFunction<void()> refused);

    // Ends all connections, in a task of its own.
    void close();

private:
    void retire(std::unique_ptr<rpc::Client> client);

    const runtime::Runtime& runtime_;
    NodeId self_;
    PeerPatience patience_;
    std::map<std::pair<NodeId, Lane>, std::unique_ptr<rpc::Client>> clients_;
    // A client must not be destroyed by its own callback.
    std::vector<std::unique_ptr<rpc::Client>> retired_;
    runtime::Gate gate_;
};

}  // namespace glasslog::raft
