#include "sim/stage.hpp"

#include "core/base/check.hpp"
#include "core/trace/log.hpp"
#include "sim/mistakes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace glasslog::sim {
namespace {

constexpr std::uint16_t broker_port = 9092;

WorldConfig world_config(const Scenario& scenario, std::uint64_t seed) {
    WorldConfig config;
    config.seed = seed;
    config.network.latency = scenario.latency;
    return config;
}

NodeConfig node_config(const std::string& name, const std::string& role) {
    NodeConfig config;
    config.name = name;
    config.role = role;
    return config;
}

}  // namespace

broker::Properties broker_properties(const Scenario& scenario) {
    const std::string listener =
        fmt::format("PLAINTEXT://{}:{}", scenario.brokers.front(), broker_port);
    broker::Properties properties{{"node.id", "1"},
                                  {"listeners", listener},
                                  {"advertised.listeners", listener},
                                  {"log.dirs", "data"},
                                  {"auto.create.topics.enable", "false"},
                                  {"glasslog.reactors", std::to_string(scenario.reactors)}};
    for (const auto& [key, value] : scenario.broker_configs)
        properties[key] = value;
    return properties;
}

Stage::Stage(const Scenario& scenario, std::uint64_t seed, History& history)
    : scenario_(scenario), history_(history), world_(world_config(scenario, seed)) {
    for (const std::string& name : scenario_.brokers) {
        cluster_.bootstrap.push_back({name, broker_port});
        add_broker(name);
    }
    add_admin();
    for (const LoadSpec& load : scenario_.loads)
        add_load(load);
    add_auditor();
}

void Stage::add_broker(const std::string& name) {
    names_.push_back(name);
    NodeConfig config = node_config(name, "broker");
    config.reactors = scenario_.reactors;
    config.disk = scenario_.disk;
    auto parsed = broker::config_from(broker_properties(scenario_), name);
    CHECK(parsed.has_value(), "the parser has looked at it");
    world_.add_node(
        config,
        [this, name, settings = *std::move(parsed)](std::vector<runtime::Runtime> reactors) {
            const auto ended = [this, name](BrokerEnd end, const IoError& error) {
                end_broker(name, end, error);
            };
            return std::make_unique<BrokerProgram>(std::move(reactors),
                                                   settings,
                                                   rules_with(scenario_.mistake),
                                                   ended);
        });
}

// A broker whose disk failed ends as by a crash: the scenario may start it again, and what is lost
// by it is for the promises to say.
void Stage::end_broker(const std::string& name, BrokerEnd end, const IoError& error) {
    const NodeId node = *world_.find_node(name);
    if (end == BrokerEnd::never_ready) {
        problems_.push_back(fmt::format("{} could not start: {}", name, error.text()));
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
    const bool produces = std::holds_alternative<ProduceLoad>(load.work);
    const auto topic = std::ranges::find(scenario_.topics, load.topic, &TopicSpec::name);
    const std::int32_t partitions = topic == scenario_.topics.end() ? 0 : topic->partitions;
    world_.add_node(
        node_config(load.client, produces ? "producer" : "consumer"),
        [this, load, partitions, produces](
            std::vector<runtime::Runtime> reactors) -> std::unique_ptr<Program> {
            client::ClusterConfig cluster = cluster_;
            cluster.client_id = load.client;
            if (produces) {
                return std::make_unique<ProducerProgram>(reactors.front(), cluster, load, history_);
            }
            return std::make_unique<ConsumerProgram>(reactors.front(),
                                                     cluster,
                                                     load,
                                                     partitions,
                                                     history_);
        });
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
    for (const std::string& name : scenario_.brokers)
        world_.start(*world_.find_node(name));
    world_.start(*world_.find_node("admin"));
}

void Stage::start_loads() {
    world_.stop(*world_.find_node("admin"));
    if (are_loads_finished_) return;
    for (const LoadSpec& load : scenario_.loads)
        world_.restart(*world_.find_node(load.client));
}

void Stage::stop(NodeId node) {
    auto* const broker = dynamic_cast<BrokerProgram*>(world_.program(node));
    if (broker == nullptr) {
        world_.stop(node);
        return;
    }
    broker->stop([this, node] { world_.at(world_.now(), [this, node] { world_.stop(node); }); });
}

// --- the end of a run ---------------------------------------------------------------------------

void Stage::finish_loads() {
    are_loads_finished_ = true;
    for (const LoadSpec& load : scenario_.loads) {
        Program* const program = world_.program(*world_.find_node(load.client));
        if (auto* const producer = dynamic_cast<ProducerProgram*>(program)) producer->finish();
    }
}

bool Stage::are_loads_idle() {
    return std::ranges::all_of(scenario_.loads, [this](const LoadSpec& load) {
        Program* const program = world_.program(*world_.find_node(load.client));
        const auto* const producer = dynamic_cast<ProducerProgram*>(program);
        return producer == nullptr || producer->is_idle();
    });
}

void Stage::start_brokers() {
    for (const std::string& name : scenario_.brokers)
        world_.restart(*world_.find_node(name));
}

bool Stage::are_brokers_ready() {
    return std::ranges::all_of(scenario_.brokers, [this](const std::string& name) {
        const auto* const broker =
            dynamic_cast<BrokerProgram*>(world_.program(*world_.find_node(name)));
        return broker != nullptr && broker->is_ready();
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
