#pragma once

// Asks the nodes of a cluster whether they are there and what the quorum does.

#include "core/cli/up_plan.hpp"
#include "core/client/quorum.hpp"
#include "core/rpc/client.hpp"
#include "core/runtime/gate.hpp"
#include "core/runtime/runtime.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

namespace glasslog::cli {

// Nodes are counted as in the plan, which must outlive this.
class UpProbe {
public:
    UpProbe(const runtime::Runtime& runtime, const ClusterPlan& plan);

    // Sends to every listener that owes no answer: ApiVersions to brokers, DescribeQuorum to
    // controllers.
    void ask();

    // What is known of the node is of a process that is no more. Not inside a callback of this.
    void forget(std::size_t node);

    bool is_answering(std::size_t node) const;
    bool has_answered(std::size_t node) const;

    // Every listener that was asked has answered, or is known not to.
    bool is_settled() const;

    // Of the controllers that lead, as they see it: none, one, or two while one has not noticed.
    std::vector<client::QuorumView> views() const;

private:
    struct Door {
        std::size_t node = 0;
        bool is_controller = false;
        runtime::Endpoint endpoint;
        std::unique_ptr<rpc::Client> client;
        bool is_asked = false;
        bool is_answering = false;
        std::optional<client::QuorumView> view;
        runtime::Gate gate;
    };

    void add_door(std::size_t node, bool is_controller, const runtime::Endpoint& endpoint);
    void ask_broker(Door& door);
    void ask_controller(Door& door);
    void take(Door& door, const std::optional<rpc::RpcError>& error);

    runtime::Runtime runtime_;
    std::vector<std::unique_ptr<Door>> doors_;
    std::vector<bool> has_answered_;
};

}  // namespace glasslog::cli
