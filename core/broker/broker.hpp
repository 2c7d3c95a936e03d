#pragma once

// Broker: everything that one node runs, composed over the runtimes of its reactors. The same class
// serves real sockets (core/cli) and the simulator (sim); it cannot tell which.
//
//   start: open the directory, listen, join the quorum, register, open all logs, be let in, serve
//   stop:  leave the cluster, stop accepting, answer what is in work, close logs and metadata,
//   leave
//          the clean mark
//
// A node that is no broker (process.roles=controller) has the quorum's half of this only.

#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/base/unique_function.hpp"
#include "core/broker/config.hpp"
#include "core/raft/rules.hpp"
#include "core/replication/partition.hpp"
#include "core/runtime/runtime.hpp"
#include "core/storage/partition_log.hpp"

#include <memory>
#include <string>
#include <vector>

namespace glasslog::metadata {
class Service;
}

namespace glasslog::broker {

// Mistakes that only the simulator can order.
struct BrokerRules {
    replication::Rules replication;
    storage::StorageRules storage;
    raft::Rules quorum;
};

// What a started broker says of itself.
struct Started {
    std::string cluster_id;
    std::vector<runtime::Endpoint> listening;  // as really bound, in the order of the config
    std::vector<runtime::Endpoint> controllers_listening;  // likewise
};

class Reactor;

class Broker {
public:
    // One reactor for each runtime; config.reactor_count must say the same. Constructed and
    // destroyed while no reactor runs, or on the only thread.
    Broker(std::vector<runtime::Runtime> runtimes, Config config, BrokerRules rules = {});
    ~Broker();

    Broker(const Broker&) = delete;
    Broker& operator=(const Broker&) = delete;

    // Callable before the reactors run. `done` runs on reactor 0. Once.
    void start(UniqueFunction<void(Expected<Started, IoError>)> done);

    // On reactor 0, at most once: a disk failed or lied. Nothing more is promised, and the process
    // should end.
    void on_failure(UniqueFunction<void(IoError)> report);

    // On reactor 0, after start() was called, also before it is done. `done` runs there. Once.
    void stop(UniqueFunction<void()> done);

    // Of reactor `index`; for tests and the scenario's checks, which stand outside of all reactors.
    Reactor& reactor(std::size_t index);

    // What this node knows of the cluster; nullptr before its directory is open. For the same.
    metadata::Service* metadata();

private:
    class Life;
    std::unique_ptr<Life> life_;
};

}  // namespace glasslog::broker
