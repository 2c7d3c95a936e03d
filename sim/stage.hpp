#pragma once

// Stage: the world that a scenario describes: its broker, an admin that creates the topics, clients
// that begin when the topics are there, and an auditor who reads the logs in the end.

#include "core/broker/config.hpp"
#include "core/metadata/service.hpp"
#include "core/protocol/messages/control_records.hpp"
#include "sim/history.hpp"
#include "sim/scenario.hpp"
#include "sim/workload.hpp"
#include "sim/world.hpp"

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace glasslog::sim {

// What a broker or controller of this scenario is configured with: the scenario's settings over
// ours. Its node.id is its number in the world.
broker::Properties server_properties(const Scenario& scenario, const std::string& name);

class Stage {
public:
    Stage(const Scenario& scenario, std::uint64_t seed, History& history);

    World& world() { return world_; }

    // Starts the broker and the admin.
    void begin();

    // Of the scenario: brokers, controllers and clients.
    const std::vector<std::string>& names() const { return names_; }

    const std::vector<std::string>& controllers() const { return scenario_.controllers; }

    // The active controller: who thinks so, in the highest epoch. Empty when nobody does.
    std::optional<NodeId> controller();

    // The first controller that runs and is not the active one, while there is an active one.
    std::optional<NodeId> follower();

    // What this node knows of the cluster; nullptr when it does not run, or opens its directory.
    metadata::Service* metadata(NodeId node);

    // In order: what was written is kept, clients are told.
    void stop(NodeId node);

    // It ends in order, and has not ended yet.
    bool is_stopping(NodeId node);

    // --- the end of a run
    void finish_loads();
    bool are_loads_idle();

    // Starts every broker that is down.
    void start_brokers();
    bool are_brokers_ready();

    // One controller is active, and every server knows all that it knew at the first call.
    bool is_metadata_quiet();

    // `done` with the reason why the logs could not be read.
    void audit(AuditProgram::Done done);

    // Where the audit stands, while it runs: "orders-0 at offset 17 of 25".
    std::string audit_progress();

    // What went wrong on the way: a broker that could not start, a topic that was refused.
    const std::vector<std::string>& problems() const { return problems_; }

private:
    void add_server(const std::string& name);
    void format(const std::string& name);
    bool has_disk_fault(NodeId node);
    void end_broker(const std::string& name, BrokerEnd end, const IoError& error);
    void add_admin();
    void add_load(const LoadSpec& load);
    std::unique_ptr<LoadProgram> load_program(const LoadSpec& load,
                                              const runtime::Runtime& runtime);
    LoadProgram* running_load(const LoadSpec& load);  // nullptr: it does not run
    void add_auditor();
    void start_loads();

    Scenario scenario_;
    History& history_;
    client::ClusterConfig cluster_;
    std::string cluster_id_;  // of a formatted cluster
    protocol::VotersRecord voters_;
    std::vector<std::string> names_;
    std::vector<std::string> problems_;
    std::optional<Offset> quiet_at_;
    std::set<NodeId> stopping_;
    bool are_loads_finished_ = false;
    AuditProgram::Done audited_;
    World world_;  // last: it goes first
};

}  // namespace glasslog::sim
