#include "sim/stage.hpp"

#include "core/base/check.hpp"
#include "core/base/overloaded.hpp"
#include "core/metadata/bootstrap.hpp"
#include "core/metadata/service.hpp"
#include "core/trace/log.hpp"
#include "sim/mistakes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace glasslog::sim {
namespace {

constexpr std::uint16_t broker_port = 9092;
constexpr std::uint16_t controller_port = 9093;

WorldConfig world_config(const Scenario& scenario, std::uint64_t seed) {
    WorldConfig config;
    config.seed = seed;
    config.network.latency = scenario.latency;
    return config;
}

bool is_one_of(const std::vector<std::string>& names, const std::string& name) {
    return std::ranges::find(names, name) != names.end();
}

NodeConfig node_config(const std::string& name, const std::string& role) {
    NodeConfig config;
    config.name = name;
    config.role = role;
    return config;
}

}  // namespace

broker::Properties server_properties(const Scenario& scenario, const std::string& name) {
    const auto names = server_names(scenario);
    const auto number = std::ranges::find(names, name) - names.begin() + 1;
    const bool is_broker = is_one_of(scenario.brokers, name);
    const bool is_controller = is_one_of(scenario.controllers, name);
    const std::string clients = fmt::format("PLAINTEXT://{}:{}", name, broker_port);
    const std::string quorum = fmt::format("CONTROLLER://{}:{}", name, controller_port);
    broker::Properties properties{
        {"node.id", std::to_string(number)},
        {"listeners", clients},
        {"advertised.listeners", clients},
        {"log.dirs", "data"},
        {"auto.create.topics.enable", "false"},
        {"glasslog.reactors", std::to_string(is_broker ? scenario.reactors : 1)}};
    if (!scenario.controllers.empty()) {
        properties["process.roles"] = "broker";
        properties["controller.listener.names"] = "CONTROLLER";
        std::string servers;
        for (const std::string& one : scenario.controllers)
            servers += fmt::format("{}{}:{}", servers.empty() ? "" : ",", one, controller_port);
        properties["controller.quorum.bootstrap.servers"] = servers;
    }
    if (is_controller) {
        properties["process.roles"] = is_broker ? "broker,controller" : "controller";
        properties["listeners"] = is_broker ? clients + "," + quorum : quorum;
        properties["advertised.listeners"] = properties["listeners"];
    }
    for (const auto& [key, value] : scenario.broker_configs)
        properties[key] = value;
    return properties;
}

Stage::Stage(const Scenario& scenario, std::uint64_t seed, History& history)
    : scenario_(scenario), history_(history), world_(world_config(scenario, seed)) {
    for (const std::string& name : scenario_.brokers)
        cluster_.bootstrap.push_back({name, broker_port});
    for (const std::string& name : server_names(scenario_))
        add_server(name);
    for (const std::string& name : server_names(scenario_)) {
        if (!scenario_.controllers.empty()) format(name);
    }
    add_admin();
    for (const LoadSpec& load : scenario_.loads)
        add_load(load);
    add_auditor();
}

void Stage::add_server(const std::string& name) {
    names_.push_back(name);
    const bool is_broker = is_one_of(scenario_.brokers, name);
    NodeConfig config = node_config(name, is_broker ? "broker" : "controller");
    config.reactors = is_broker ? scenario_.reactors : 1;
    config.disk = scenario_.disk;
    auto parsed = broker::config_from(server_properties(scenario_, name), name);
    CHECK(parsed.has_value(), "the parser has looked at it");
    world_.add_node(
        config,
        [this, name, settings = *std::move(parsed)](std::vector<runtime::Runtime> reactors) {
            const auto ended = [this, name](BrokerEnd end, const IoError& error) {
                end_broker(name, end, error);
            };
            stopping_.erase(*world_.find_node(name));
            return std::make_unique<BrokerProgram>(std::move(reactors),
                                                   settings,
                                                   rules_with(scenario_.mistake),
                                                   ended);
        });
}

// As `glasslog storage format` does, before the world begins: durable, and all with one cluster id.
void Stage::format(const std::string& name) {
    const auto id = [this](const std::string& entity) {
        const std::uint64_t high = world_.draw(no_node, "format", entity);
        const std::uint64_t low = world_.draw(no_node, "format", entity);
        return Uuid::version_4(high, low);
    };
    if (cluster_id_.empty()) {
        cluster_id_ = id("cluster").text();
        for (const std::string& one : scenario_.controllers)
            voters_.voters.push_back(
                {*world_.find_node(one), id(one), {{"CONTROLLER", one, controller_port}}, {0, 1}});
    }
    const NodeId node = *world_.find_node(name);
    const auto own = std::ranges::find(voters_.voters, node, &raft::Voter::voter_id);
    const bool is_voter = own != voters_.voters.end();
    const auto levels = metadata::initial_levels(std::nullopt, {});
    CHECK(levels.has_value(), "the levels of this build");
    metadata::Formatting formatting;
    formatting.meta = {cluster_id_, node, is_voter ? own->voter_directory_id : id(name)};
    formatting.records = metadata::level_records(*levels);
    if (is_voter) formatting.voters = voters_;
    formatting.now = WorldConfig{}.wall_start.milliseconds();
    for (const metadata::FormattedFile& file : metadata::formatted_files(formatting))
        world_.disk(node).put("data/" + file.name, file.content);
}

// Something made its disk fail, or lie.
bool Stage::has_disk_fault(NodeId node) {
    return std::ranges::any_of(world_.faults(), [node](const FaultReport& report) {
        return std::visit(overloaded{[node](const FullDisk& f) { return f.node == node; },
                                     [node](const FailSync& f) { return f.node == node; },
                                     [node](const BitRot& f) { return f.node == node; },
                                     [node](const DeadDisk& f) { return f.node == node; },
                                     [](const auto&) { return false; }},
                          report.fault);
    });
}

// A broker whose disk failed ends as by a crash: the scenario may start it again, and what is lost
// by it is for the promises to say. With a disk that did nothing wrong it is a problem of its own.
void Stage::end_broker(const std::string& name, BrokerEnd end, const IoError& error) {
    const NodeId node = *world_.find_node(name);
    if (end == BrokerEnd::never_ready) {
        problems_.push_back(fmt::format("{} could not start: {}", name, error.text()));
    } else if (!has_disk_fault(node)) {
        problems_.push_back(fmt::format("{} gave up on a sound disk: {}", name, error.text()));
    }
    const std::string text = fmt::format("{} ended: {}", name, error.text());
    world_.at(world_.now(), [this, node, text] {
        const auto level = static_cast<std::int8_t>(trace::LogLevel::error);
        world_.emit(node, trace::kinds::LogLine{level, "broker", text});
        world_.crash(node);
    });
}

void Stage::add_admin() {
    world_.add_node(node_config("admin", "admin"), [this](std::vector<runtime::Runtime> reactors) {
        return std::make_unique<AdminProgram>(reactors.front(),
                                              cluster_,
                                              scenario_.topics,
                                              [this](std::optional<std::string> problem) {
                                                  if (problem) problems_.push_back(*problem);
                                                  world_.at(world_.now(),
                                                            [this] { start_loads(); });
                                              });
    });
}

void Stage::add_load(const LoadSpec& load) {
    names_.push_back(load.client);
    const char* const role = std::visit(overloaded{[](const ProduceLoad&) { return "producer"; },
                                                   [](const ConsumeLoad&) { return "consumer"; },
                                                   [](const auto&) { return "admin"; }},
                                        load.work);
    world_.add_node(node_config(load.client, role),
                    [this, load](std::vector<runtime::Runtime> reactors) {
                        return load_program(load, reactors.front());
                    });
}

std::unique_ptr<LoadProgram> Stage::load_program(const LoadSpec& load,
                                                 const runtime::Runtime& runtime) {
    client::ClusterConfig cluster = cluster_;
    cluster.client_id = load.client;
    using Made = std::unique_ptr<LoadProgram>;
    return std::visit(
        overloaded{[&](const TopicsLoad&) -> Made {
                       return std::make_unique<TopicsProgram>(runtime, cluster, load, history_);
                   },
                   [&](const ProduceLoad&) -> Made {
                       return std::make_unique<ProducerProgram>(runtime, cluster, load, history_);
                   },
                   [&](const ConsumeLoad&) -> Made {
                       const auto topic =
                           std::ranges::find(scenario_.topics, load.topic, &TopicSpec::name);
                       return std::make_unique<ConsumerProgram>(runtime,
                                                                cluster,
                                                                load,
                                                                topic->partitions,
                                                                history_);
                   },
                   [&](const VotersLoad&) -> Made {
                       cluster.bootstrap.clear();
                       std::vector<VotersProgram::Member> members;
                       for (const std::string& name : scenario_.controllers) {
                           cluster.bootstrap.push_back({name, controller_port});
                           members.push_back(
                               {*world_.find_node(name), {"CONTROLLER", name, controller_port}});
                       }
                       return std::make_unique<VotersProgram>(runtime,
                                                              cluster,
                                                              std::move(members),
                                                              load,
                                                              history_);
                   }},
        load.work);
}

void Stage::add_auditor() {
    world_.add_node(node_config("auditor", "consumer"),
                    [this](std::vector<runtime::Runtime> reactors) {
                        std::vector<TopicPartition> partitions;
                        for (const TopicSpec& topic : scenario_.topics) {
                            for (std::int32_t i = 0; i < topic.partitions; ++i)
                                partitions.push_back({topic.name, PartitionIndex(i)});
                        }
                        return std::make_unique<AuditProgram>(reactors.front(),
                                                              cluster_,
                                                              std::move(partitions),
                                                              history_,
                                                              std::move(audited_));
                    });
}

void Stage::begin() {
    for (const std::string& name : server_names(scenario_))
        world_.start(*world_.find_node(name));
    world_.start(*world_.find_node("admin"));
}

void Stage::start_loads() {
    world_.stop(*world_.find_node("admin"));
    if (are_loads_finished_) return;
    for (const LoadSpec& load : scenario_.loads)
        world_.restart(*world_.find_node(load.client));
}

bool Stage::is_stopping(NodeId node) {
    return stopping_.contains(node) && world_.is_running(node);
}

void Stage::stop(NodeId node) {
    auto* const broker = dynamic_cast<BrokerProgram*>(world_.program(node));
    if (broker == nullptr) {
        world_.stop(node);
        return;
    }
    stopping_.insert(node);
    broker->stop([this, node] {
        world_.at(world_.now(), [this, node] {
            world_.stop(node);
            // In the end everything runs; a stop may take until then.
            world_.at(world_.now(), [this, node] {
                if (are_loads_finished_) world_.restart(node);
            });
        });
    });
}

// --- the end of a run ---------------------------------------------------------------------------

void Stage::finish_loads() {
    are_loads_finished_ = true;
    for (const LoadSpec& load : scenario_.loads) {
        if (LoadProgram* const program = running_load(load)) program->finish();
    }
}

bool Stage::are_loads_idle() {
    return std::ranges::all_of(scenario_.loads, [this](const LoadSpec& load) {
        const LoadProgram* const program = running_load(load);
        return program == nullptr || program->is_idle();
    });
}

LoadProgram* Stage::running_load(const LoadSpec& load) {
    return dynamic_cast<LoadProgram*>(world_.program(*world_.find_node(load.client)));
}

void Stage::start_brokers() {
    for (const std::string& name : server_names(scenario_))
        world_.restart(*world_.find_node(name));
}

bool Stage::are_brokers_ready() {
    return std::ranges::all_of(server_names(scenario_), [this](const std::string& name) {
        const auto* const broker =
            dynamic_cast<BrokerProgram*>(world_.program(*world_.find_node(name)));
        return broker != nullptr && broker->is_ready();
    });
}

metadata::Service* Stage::metadata(NodeId node) {
    auto* const server = dynamic_cast<BrokerProgram*>(world_.program(node));
    return server == nullptr ? nullptr : server->metadata();
}

std::optional<NodeId> Stage::controller() {
    std::optional<NodeId> found;
    LeaderEpoch newest{-1};
    for (const std::string& name : scenario_.controllers) {
        const NodeId node = *world_.find_node(name);
        metadata::Service* const service = metadata(node);
        if (service == nullptr || !service->is_active()) continue;
        const LeaderEpoch epoch = service->log().state().epoch;
        if (epoch > newest) found = node;
        newest = std::max(newest, epoch);
    }
    return found;
}

std::optional<NodeId> Stage::follower() {
    const auto active = controller();
    for (const std::string& name : scenario_.controllers) {
        const NodeId node = *world_.find_node(name);
        if (active && node != *active && world_.is_running(node)) return node;
    }
    return std::nullopt;
}

bool Stage::is_metadata_quiet() {
    if (scenario_.controllers.empty()) return true;
    const auto active = controller();
    if (!active) return false;
    if (!quiet_at_) quiet_at_ = metadata(*active)->image()->offset;
    return std::ranges::all_of(server_names(scenario_), [this](const std::string& name) {
        metadata::Service* const service = metadata(*world_.find_node(name));
        return service != nullptr && service->image()->offset >= *quiet_at_;
    });
}

void Stage::audit(AuditProgram::Done done) {
    audited_ = std::move(done);
    world_.start(*world_.find_node("auditor"));
}

std::string Stage::audit_progress() {
    const auto* const audit =
        dynamic_cast<AuditProgram*>(world_.program(*world_.find_node("auditor")));
    return audit == nullptr ? "the auditor does not run" : audit->progress();
}

}  // namespace glasslog::sim
