// The real world: sockets on loopback, files in a temporary directory, the machine's clock.

#include "core/os/os_node.hpp"
#include "core/os/process.hpp"
#include "tests/conformance/world.hpp"

namespace glasslog::conformance {
namespace {

class OsWorld final : public World {
public:
    OsWorld() : root_(*os::make_temporary_directory("glasslog-conformance")) {}

    ~OsWorld() override {
        places_.clear();
        ignore(os::remove_tree(root_), "what is left lies among the temporary files");
    }

    Node& add_node(std::int32_t reactors) override {
        const std::string root = fmt::format("{}/{}", root_, places_.size());
        EXPECT_TRUE(os::make_directories(root).has_value());
        auto place = std::make_unique<Place>();
        place->os = std::make_unique<os::OsNode>(
            os::OsNodeConfig{.reactors = reactors, .root = root, .make_trace = {}});
        place->node.emplace(Node{.reactors = place->os->runtimes(), .host = "127.0.0.1"});
        places_.push_back(std::move(place));
        return *places_.back()->node;
    }

    bool run_until(UniqueFunction<bool()> finished, Duration limit) override {
        const runtime::Clock& clock = places_.front()->node->reactors[0].clock;
        const Instant deadline = clock.now() + limit;
        while (!finished()) {
            if (clock.now() > deadline) return false;
            for (const auto& place : places_)
                place->os->run_until([asked = 0]() mutable { return asked++ == 1; }, nap);
        }
        return true;
    }

private:
    static constexpr Duration nap = Duration::microseconds(200);

    struct Place {
        std::unique_ptr<os::OsNode> os;
        std::optional<Node> node;
    };

    std::string root_;
    std::vector<std::unique_ptr<Place>> places_;
};

}  // namespace

std::unique_ptr<World> make_world() {
    return std::make_unique<OsWorld>();
}

}  // namespace glasslog::conformance
