// The conformance suite on the simulated world.

#include "sim/world.hpp"
#include "tests/conformance/world.hpp"

#include <deque>
#include <string>
#include <utility>

namespace glasslog::conformance {
namespace {

// The suite plays the node's code itself.
class Idle final : public sim::Program {
public:
    void start() override {}
};

class SimWorld final : public World {
public:
    Node& add_node(std::int32_t reactors) override {
        Node& node = nodes_.emplace_back();
        node.host = "n" + std::to_string(nodes_.size());
        sim::NodeConfig config;
        config.name = node.host;
        config.reactors = reactors;
        const NodeId id = world_.add_node(config, [&node](std::vector<runtime::Runtime> given) {
            node.reactors = std::move(given);
            return std::make_unique<Idle>();
        });
        world_.start(id);
        return node;
    }

    bool run_until(UniqueFunction<bool()> finished, Duration limit) override {
        return world_.run_until(std::move(finished), limit);
    }

private:
    std::deque<Node> nodes_;
    sim::World world_{sim::WorldConfig{}};
};

}  // namespace

std::unique_ptr<World> make_world() {
    return std::make_unique<SimWorld>();
}

}  // namespace glasslog::conformance
