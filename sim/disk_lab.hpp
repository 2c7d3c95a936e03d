#pragma once

// DiskLab: one node and its disk, for tests of what must survive a crash at any moment.
//
//   std::uint64_t boundaries = 0;
//   { DiskLab lab; work(lab); lab.run(); boundaries = lab.boundaries(); }
//   for (const CrashModel& model : all_crash_models())
//       for (std::uint64_t k = 0; k <= boundaries; ++k) {
//           DiskLab lab(DiskLab::Options{.seed = k});
//           lab.crash_at(k, model);
//           work(lab);               // starts operations on lab.runtime()
//           lab.run();               // to the crash, or to the end
//           if (!lab.has_crashed()) lab.crash(model);
//           (destroy what work() made: its callbacks will not come)
//           lab.reopen();            // a new incarnation on what is left
//           recover and check, again on lab.runtime()
//       }

#include "core/runtime/runtime.hpp"
#include "sim/world.hpp"

#include <cstdint>
#include <memory>
#include <optional>

namespace glasslog::sim {

class DiskLab {
public:
    struct Options {
        std::uint64_t seed = 1;
        DiskConfig disk;
        std::int32_t reactors = 1;
    };

    DiskLab();
    explicit DiskLab(const Options& options);
    ~DiskLab();

    // Of the present incarnation; refers into the lab. After a crash its calls are void.
    runtime::Runtime runtime(std::int32_t reactor = 0);

    runtime::Disk& disk() { return runtime().disk; }

    // Until nothing is left to do. False when that needs more than `limit` of virtual time, as with
    // a timer that starts itself again.
    bool run(Duration limit = Duration::seconds(3600));

    // Until `finished` holds, asked between events.
    bool run_until(UniqueFunction<bool()> finished, Duration limit = Duration::seconds(3600));

    // Changes that the disk has made so far: each write, truncation, sync, creation, rename,
    // removal, directory made or synced is one.
    std::uint64_t boundaries() const;

    // The change number k (from 0, since the lab began) does not happen, the power goes instead. Of
    // a write that was on its way a torn part may survive, as the model says. Without a model: the
    // process is killed and everything written so far is kept.
    void crash_at(std::uint64_t k, std::optional<CrashModel> model);

    // Now.
    void crash(std::optional<CrashModel> model);
    bool has_crashed() const;

    // Starts the next incarnation.
    void reopen();

    // As the page cache shows it; for assertions.
    DiskImage& image();

    World& world() { return *world_; }

private:
    std::unique_ptr<World> world_;
    NodeId node_;
    std::vector<runtime::Runtime> reactors_;
};

}  // namespace glasslog::sim
