#include "sim/disk_lab.hpp"

#include "core/base/check.hpp"

#include <utility>

namespace glasslog::sim {
namespace {

// The test drives the node's Runtime itself.
class Idle final : public Program {
public:
    void start() override {}
};

}  // namespace

DiskLab::DiskLab() : DiskLab(Options{}) {}

DiskLab::DiskLab(const Options& options) {
    WorldConfig world;
    world.seed = options.seed;
    world_ = std::make_unique<World>(world);
    NodeConfig config;
    config.name = "lab";
    config.reactors = options.reactors;
    config.disk = options.disk;
    node_ = world_->add_node(config, [this](std::vector<runtime::Runtime> reactors) {
        reactors_ = std::move(reactors);
        return std::make_unique<Idle>();
    });
    world_->start(node_);
    run();
}

DiskLab::~DiskLab() = default;

runtime::Runtime DiskLab::runtime(std::int32_t reactor) {
    return reactors_.at(static_cast<std::size_t>(reactor));
}

bool DiskLab::run(Duration limit) {
    return world_->run_to_end(limit);
}

bool DiskLab::run_until(UniqueFunction<bool()> finished, Duration limit) {
    return world_->run_until(std::move(finished), limit);
}

std::uint64_t DiskLab::boundaries() const {
    return world_->boundaries(node_);
}

void DiskLab::crash_at(std::uint64_t k, std::optional<CrashModel> model) {
    CHECK(k >= boundaries(), "boundary {} has passed, now {}", k, boundaries());
    world_->crash_at_boundary(node_, k - boundaries(), model);
}

void DiskLab::crash(std::optional<CrashModel> model) {
    if (model) {
        world_->power_loss(node_, *model);
    } else {
        world_->crash(node_);
    }
}

bool DiskLab::has_crashed() const {
    return !world_->is_running(node_);
}

void DiskLab::reopen() {
    CHECK(has_crashed());
    world_->restart(node_);
    run();
}

DiskImage& DiskLab::image() {
    return world_->disk(node_);
}

}  // namespace glasslog::sim
