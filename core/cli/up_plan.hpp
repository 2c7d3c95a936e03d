#pragma once

// Which nodes `glasslog up` runs, and the files that say so. Values only: nothing here touches a
// disk.
//
//   DIR/cluster.properties           who is who: the cluster's id and the directories' ids
//   DIR/node-1/server.properties     Kafka's own file, made once and then left as it is
//   DIR/node-1/data/ log trace       what the node keeps, says and traces
//   DIR/lock control up.json         of the running `up`: up_files.hpp
//
// Node i has port PORT+i-1 for clients and PORT+1000+i-1 for the quorum, whichever it needs.

#include "core/base/errors.hpp"
#include "core/base/expected.hpp"
#include "core/base/ids.hpp"
#include "core/base/uuid.hpp"
#include "core/runtime/transport.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace glasslog::cli {

struct NodePlan {
    NodeId id = no_node;
    std::string directory;                        // DIR/node-1
    std::string data;                             // log.dirs
    std::optional<runtime::Endpoint> broker;      // of a broker: where clients connect
    std::optional<runtime::Endpoint> controller;  // of a controller: where the quorum talks

    std::string config_file() const { return directory + "/server.properties"; }

    std::string log_file() const { return directory + "/log"; }

    std::string trace_file() const { return directory + "/trace"; }

    std::string roles() const;  // "broker,controller"

    friend bool operator==(const NodePlan&, const NodePlan&) = default;
};

struct ClusterPlan {
    std::string directory;
    std::vector<NodePlan> nodes;  // by id
};

// What the flags ask for; empty: not said. nodes excludes the other two, which come together.
struct PlanWish {
    std::string directory;
    std::optional<std::int32_t> nodes;  // each broker and controller
    std::optional<std::int32_t> controllers;
    std::optional<std::int32_t> brokers;
    std::optional<std::int32_t> port;
};

inline constexpr std::string_view controller_listener_name = "CONTROLLER";
inline constexpr std::int32_t default_port = 9092;
inline constexpr std::int32_t default_node_count = 3;

// A new cluster. With separate roles brokers have the first ids. Refuses ports beyond 65535 and
// counts that are not both given.
Expected<ClusterPlan, InputError> new_plan(const PlanWish& wish);

// server.properties of one node.
std::string properties_text(const ClusterPlan& plan, const NodePlan& node);

// The node that a server.properties describes. where: its path. directory: the node's.
Expected<NodePlan, InputError> read_node(std::string_view text,
                                         const std::string& where,
                                         const std::string& directory);

// A cluster that exists is run as it is: flags that ask for another one are refused.
Expected<void, InputError> check_wish(const ClusterPlan& existing, const PlanWish& wish);

// --bootstrap-server for clients, --bootstrap-controller for the quorum.
std::string broker_list(const ClusterPlan& plan);
std::string controller_list(const ClusterPlan& plan);

// Ids that are drawn once, before anything is formatted. is_complete: every directory was formatted
// once, so one without meta.properties has lost what it knew.
struct Identities {
    std::string cluster_id;
    std::map<NodeId, Uuid> directory_ids;
    bool is_complete = false;

    friend bool operator==(const Identities&, const Identities&) = default;
};

std::string identities_text(const Identities& identities);
Expected<Identities, InputError> read_identities(std::string_view text, const std::string& where);

}  // namespace glasslog::cli
