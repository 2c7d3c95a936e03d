#include "core/cli/up_plan.hpp"

#include "core/broker/config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace glasslog::cli {
namespace {

constexpr const char* host = "127.0.0.1";
constexpr const char* broker_listener = "PLAINTEXT";

constexpr std::int32_t controller_port_distance = 1000;  // also the most nodes that fit
constexpr std::string_view directory_prefix = "node.";
constexpr std::string_view directory_suffix = ".directory.id";

runtime::Endpoint endpoint_at(std::int32_t port) {
    return {.host = host, .port = static_cast<std::uint16_t>(port)};
}

enum class Roles : std::uint8_t { broker, controller, both };

NodePlan make_node(const PlanWish& wish, std::int32_t number, Roles roles) {
    const std::int32_t port = wish.port.value_or(default_port) + number - 1;
    NodePlan node;
    node.id = NodeId(number);
    node.directory = fmt::format("{}/node-{}", wish.directory, number);
    node.data = node.directory + "/data";
    if (roles != Roles::controller) node.broker = endpoint_at(port);
    if (roles != Roles::broker) node.controller = endpoint_at(port + controller_port_distance);
    return node;
}

std::optional<std::int32_t> to_id(std::string_view text) {
    std::int32_t value = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
    return value;
}

template <typename Member>
std::string list_of(const ClusterPlan& plan, Member member) {
    std::vector<std::string> texts;
    for (const NodePlan& node : plan.nodes) {
        if (node.*member) texts.push_back((node.*member)->text());
    }
    return fmt::format("{}", fmt::join(texts, ","));
}

InputError contradiction(const std::string& directory,
                         const std::string& flag,
                         const std::string& what) {
    return {flag,
            fmt::format("{} holds {}", directory, what),
            "the same, or no such flag",
            "another cluster needs another --data"};
}

}  // namespace

std::string NodePlan::roles() const {
    if (broker && controller) return "broker,controller";
    return broker ? "broker" : "controller";
}

Expected<ClusterPlan, InputError> new_plan(const PlanWish& wish) {
    if (wish.controllers.has_value() != wish.brokers.has_value()) {
        return Unexpected{InputError{wish.brokers ? "--brokers" : "--controllers",
                                     "one kind of node alone is no cluster",
                                     "--controllers N and --brokers M together",
                                     "--nodes N makes nodes that are both"}};
    }
    ClusterPlan plan{.directory = wish.directory, .nodes = {}};
    const std::int32_t brokers = wish.brokers.value_or(wish.nodes.value_or(default_node_count));
    for (std::int32_t i = 1; i <= brokers; ++i)
        plan.nodes.push_back(make_node(wish, i, wish.brokers ? Roles::broker : Roles::both));
    for (std::int32_t i = 1; i <= wish.controllers.value_or(0); ++i)
        plan.nodes.push_back(make_node(wish, brokers + i, Roles::controller));
    const auto count = static_cast<std::int32_t>(plan.nodes.size());
    const std::int32_t last = wish.port.value_or(default_port) + controller_port_distance + count;
    if (count <= controller_port_distance && last <= 65'536) return plan;
    return Unexpected{InputError{
        "--port",
        fmt::format("{} nodes from port {} do not fit", count, wish.port.value_or(default_port)),
        "ports up to 65535: clients at PORT, the quorum 1000 above",
        {}}};
}

std::string properties_text(const ClusterPlan& plan, const NodePlan& node) {
    std::vector<std::string> listeners;
    if (node.broker)
        listeners.push_back(fmt::format("{}://{}", broker_listener, node.broker->text()));
    if (node.controller)
        listeners.push_back(
            fmt::format("{}://{}", controller_listener_name, node.controller->text()));
    const auto brokers = std::ranges::count_if(plan.nodes, [](const NodePlan& one) {
        return one.broker.has_value();
    });
    // Kafka's defaults for the topics of its own ask for three brokers.
    const auto copies = std::min<std::int64_t>(brokers, 3);
    return fmt::format(
        "# Node {0} of the cluster in {1}, made by `glasslog up`, which leaves it as it is from "
        "now on.\n"
        "process.roles={2}\n"
        "node.id={0}\n"
        "listeners={3}\n"
        "advertised.listeners={3}\n"
        "controller.listener.names={4}\n"
        "listener.security.protocol.map={4}:PLAINTEXT,{5}:PLAINTEXT\n"
        "{10}"
        "controller.quorum.bootstrap.servers={6}\n"
        "log.dirs={7}\n"
        "offsets.topic.replication.factor={8}\n"
        "transaction.state.log.replication.factor={8}\n"
        "transaction.state.log.min.isr={9}\n",
        node.id,
        plan.directory,
        node.roles(),
        fmt::join(listeners, ","),
        controller_listener_name,
        broker_listener,
        controller_list(plan),
        node.data,
        copies,
        std::min<std::int64_t>(copies, 2),
        node.broker ? fmt::format("inter.broker.listener.name={}\n", broker_listener) : "");
}

Expected<NodePlan, InputError> read_node(std::string_view text,
                                         const std::string& where,
                                         const std::string& directory) {
    auto properties = TRY(broker::parse_properties(text, where));
    const broker::Config config = TRY(broker::config_from(std::move(properties), where));
    NodePlan node{.id = config.node_id, .directory = directory, .data = config.log_directory};
    if (config.roles.is_broker && !config.listeners.empty())
        node.broker = config.listeners.front().advertised;
    if (config.roles.is_controller && !config.quorum.listeners.empty())
        node.controller = config.quorum.listeners.front().advertised;
    return node;
}

Expected<void, InputError> check_wish(const ClusterPlan& existing, const PlanWish& wish) {
    std::int32_t both = 0;
    std::int32_t brokers = 0;
    std::int32_t controllers = 0;
    for (const NodePlan& node : existing.nodes) {
        if (node.broker && node.controller) ++both;
        if (node.broker && !node.controller) ++brokers;
        if (node.controller && !node.broker) ++controllers;
    }
    const std::string what =
        brokers + controllers == 0
            ? fmt::format("a cluster of {} node{}", both, both == 1 ? "" : "s")
            : fmt::format("a cluster of {} controllers and {} brokers", controllers, brokers);
    const bool is_other_count = wish.nodes && (*wish.nodes != both || brokers + controllers > 0);
    if (is_other_count) return Unexpected{contradiction(existing.directory, "--nodes", what)};
    if (wish.controllers.value_or(controllers) != controllers)
        return Unexpected{contradiction(existing.directory, "--controllers", what)};
    if (wish.brokers.value_or(brokers) != brokers)
        return Unexpected{contradiction(existing.directory, "--brokers", what)};
    for (const NodePlan& node : existing.nodes) {
        if (!wish.port || !node.broker) continue;
        const std::int32_t first = node.broker->port - node.id.value() + 1;
        if (first == *wish.port) return {};
        return Unexpected{contradiction(existing.directory,
                                        "--port",
                                        fmt::format("a cluster on port {}", first))};
    }
    return {};
}

std::string broker_list(const ClusterPlan& plan) {
    return list_of(plan, &NodePlan::broker);
}

std::string controller_list(const ClusterPlan& plan) {
    return list_of(plan, &NodePlan::controller);
}

std::string identities_text(const Identities& identities) {
    std::string text = fmt::format(
        "# Who is who in this cluster, for `glasslog up`. Without this file its nodes would be "
        "strangers.\n"
        "cluster.id={}\n"
        "formatted={}\n",
        identities.cluster_id,
        identities.is_complete);
    for (const auto& [node, id] : identities.directory_ids)
        text += fmt::format("{}{}{}={}\n", directory_prefix, node, directory_suffix, id);
    return text;
}

Expected<Identities, InputError> read_identities(std::string_view text, const std::string& where) {
    const auto properties = TRY(broker::parse_properties(text, where));
    Identities identities;
    for (const auto& [key, value] : properties) {
        if (key == "cluster.id") identities.cluster_id = value;
        if (key == "formatted") identities.is_complete = value == "true";
        if (!key.starts_with(directory_prefix) || !key.ends_with(directory_suffix)) continue;
        std::string_view number = key;
        number.remove_prefix(directory_prefix.size());
        number.remove_suffix(directory_suffix.size());
        const auto node = to_id(number);
        const auto id = Uuid::parse(value);
        if (!node || !id) {
            return Unexpected{InputError{where,
                                         fmt::format("{}={}", key, value),
                                         "node.N.directory.id=22 characters of base64",
                                         {}}};
        }
        identities.directory_ids[NodeId(*node)] = *id;
    }
    if (!identities.cluster_id.empty()) return identities;
    return Unexpected{InputError{where, "no cluster.id", "cluster.id=…", {}}};
}

}  // namespace glasslog::cli
