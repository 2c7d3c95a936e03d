#include "core/broker/node_options.hpp"

#include <algorithm>

namespace glasslog::broker {

namespace {

constexpr raft::KraftRange kraft_levels{0, 1};

std::vector<raft::Endpoint> controller_endpoints(const Config& config) {
    std::vector<raft::Endpoint> endpoints;
    for (const ListenerAddress& listener : config.quorum.listeners) {
        endpoints.push_back(
            {listener.bind.name, listener.advertised.host, listener.advertised.port});
    }
    return endpoints;
}

// Voters that the configuration knows: those of controller.quorum.voters, whose disks nobody knows
// (kraft.version 0); this node, where it is alone; nobody, where the log will tell.
raft::VotersAt configured_voters(const Config& config, const Uuid& directory_id) {
    std::vector<raft::Voter> voters;
    if (!config.quorum.voters.empty()) {
        for (const ConfiguredVoter& voter : config.quorum.voters) {
            voters.push_back(
                {voter.id,
                 {},
                 {{config.quorum.listener_name, voter.endpoint.host, voter.endpoint.port}},
                 {}});
        }
        return {no_offset, raft::VoterSet(std::move(voters)), 0};
    }
    if (config.quorum.bootstrap_servers.empty() && config.roles.is_controller) {
        voters.push_back(
            {config.node_id, directory_id, controller_endpoints(config), kraft_levels});
    }
    return {no_offset, raft::VoterSet(std::move(voters)), 1};
}

raft::QuorumOptions quorum_options(const Config& config, const storage::OpenedDirectory& opened) {
    const QuorumConfig& quorum = config.quorum;
    raft::QuorumOptions options;
    options.machine.self = {config.node_id, opened.meta.directory_id};
    options.machine.can_vote = config.roles.is_controller;
    options.machine.endpoints = controller_endpoints(config);
    options.machine.kraft_version = kraft_levels;
    options.machine.joins_by_itself = quorum.joins_by_itself;
    options.machine.timing = quorum.timing;
    options.cluster_id = opened.meta.cluster_id;
    options.listener = quorum.listener_name;
    options.bootstrap_servers = quorum.bootstrap_servers;
    options.configured = configured_voters(config, opened.meta.directory_id);
    options.shutdown =
        opened.clean_shutdown ? storage::Shutdown::clean : storage::Shutdown::unclean;
    options.is_new = std::none_of(opened.partitions.begin(),
                                  opened.partitions.end(),
                                  [](const storage::FoundPartition& one) {
                                      return one.name.topic == metadata::metadata_topic;
                                  });
    options.fetch_bytes_max = static_cast<std::int32_t>(quorum.fetch_bytes_max);
    options.snapshot_bytes_max = static_cast<std::int32_t>(quorum.snapshot_bytes_max);
    return options;
}

}  // namespace

bool is_part_of_cluster(const Config& config) {
    return !config.quorum.voters.empty() || !config.quorum.bootstrap_servers.empty();
}

replication::ReplicaOptions replica_options(const Config& config, const BrokerRules& rules) {
    replication::ReplicaOptions options;
    options.node = config.node_id;
    options.file = config.properties;
    options.rules = rules.replication;
    options.storage_rules = rules.storage;
    options.retention_check_interval = config.retention_check_interval;
    options.high_watermark_checkpoint_interval = config.high_watermark_checkpoint_interval;
    options.recovery_point_checkpoint_interval = config.recovery_point_checkpoint_interval;
    options.log_start_checkpoint_interval = config.log_start_checkpoint_interval;
    options.producer_expiration = Duration::milliseconds(config.producer_id_expiration_ms);
    return options;
}

metadata::ServiceOptions service_options(const Config& config,
                                         const storage::OpenedDirectory& opened,
                                         const BrokerRules& rules) {
    metadata::ServiceOptions options;
    options.controller.node = config.node_id;
    options.controller.cluster_id = opened.meta.cluster_id;
    options.controller.file = config.properties;
    options.controller.trusts_directory_locks = config.fences_fast;
    options.controller.session_timeout = config.life.session_timeout;
    // A log that others follow moves on even when nothing happens; one that is alone need not.
    if (!config.quorum.listeners.empty() && config.quorum.idle_interval > Duration()) {
        options.controller.no_op_interval = config.quorum.idle_interval;
    }
    options.quorum = quorum_options(config, opened);
    options.quorum.machine.rules = rules.quorum;
    options.snapshot_after_bytes = config.quorum.snapshot_after_bytes;
    options.snapshot_after = config.quorum.snapshot_after;
    return options;
}

}  // namespace glasslog::broker
