#pragma once

// What a node's configuration means to its parts.

#include "core/broker/broker.hpp"
#include "core/broker/config.hpp"
#include "core/metadata/service.hpp"
#include "core/replication/replica_manager.hpp"
#include "core/storage/log_directory.hpp"

namespace glasslog::broker {

// False for a node whose configuration names no other: it is its own cluster.
bool is_part_of_cluster(const Config& config);

replication::ReplicaOptions replica_options(const Config& config, const BrokerRules& rules);

// listeners of config.quorum: with the ports that were really bound.
metadata::ServiceOptions service_options(const Config& config,
                                         const storage::OpenedDirectory& opened,
                                         const BrokerRules& rules);

}  // namespace glasslog::broker
