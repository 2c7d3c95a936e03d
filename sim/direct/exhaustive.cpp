#include "sim/direct/exhaustive.hpp"

#include "sim/direct/pacer.hpp"

#include <utility>

namespace glasslog::sim::direct {
namespace {

// Fingerprint -> the greatest depth that was left there: open addressing, one flat array.
class Visited {
public:
    explicit Visited(std::uint64_t states_max) {
        std::size_t size = 1024;
        while (size < states_max * 2)
            size *= 2;
        slots_.resize(size);
    }

    // True when the state is new, or was seen with less depth left.
    bool enter(std::uint64_t fingerprint, int left) {
        std::size_t at = static_cast<std::size_t>(fingerprint) & (slots_.size() - 1);
        while (slots_[at].left != 0 && slots_[at].fingerprint != fingerprint)
            at = (at + 1) & (slots_.size() - 1);
        Slot& slot = slots_[at];
        if (slot.left == 0) ++count_;
        if (slot.left >= left) return false;
        slot = {fingerprint, left};
        return true;
    }

    std::uint64_t count() const { return count_; }

private:
    struct Slot {
        std::uint64_t fingerprint = 0;
        int left = 0;  // 0: free
    };

    std::vector<Slot> slots_;
    std::uint64_t count_ = 0;
};

// Time is in nanoseconds here, so that few distances are possible.
raft::Timing small_timing() {
    raft::Timing timing;
    timing.election_timeout = Duration::nanoseconds(1);
    timing.fetch_timeout = Duration::nanoseconds(4);
    timing.request_timeout = Duration::nanoseconds(4);
    timing.retry_backoff = Duration::nanoseconds(1);
    timing.election_backoff_max = Duration::nanoseconds(1);
    timing.fetch_wait_max = Duration::nanoseconds(2);
    return timing;
}

class Search {
public:
    explicit Search(const ExhaustiveOptions& options) : options_(options) {
        WorldOptions world;
        world.voters = options.voters;
        world.has_endpoints = false;
        world.rules = options.rules;
        world.watched = options.watched;
        if (!options.begins_led) world.timing = small_timing();
        root_.emplace(world);
        if (!options.begins_led) return;
        Pace pace;
        Pacer pacer(*root_, pace);
        pacer.apply({.verb = Verb::settle, .count = 60'000});
        root_->flights().clear();
    }

    ExhaustiveReport run() {
        ExhaustiveReport report;
        for (int depth = 1; depth <= options_.depth; ++depth) {
            Visited visited(options_.states_max);
            visited_ = &visited;
            visit(*root_, {depth, options_.crashes_max, options_.proposals_max});
            report.states = visited.count();
            if (finding_ || is_full()) break;
            report.depth = depth;
        }
        report.steps = steps_;
        report.is_complete = report.depth == options_.depth;
        report.finding = finding_;
        report.path = path_;
        return report;
    }

private:
    struct Left {
        int depth = 0;
        int crashes = 0;
        int proposals = 0;
    };

    bool is_full() const { return visited_->count() >= options_.states_max; }

    bool is_over() const { return finding_ || is_full(); }

    void visit(const World& world, const Left& left) {
        const std::uint64_t budget =
            static_cast<std::uint64_t>(left.crashes) << 8 | static_cast<unsigned>(left.proposals);
        const std::uint64_t key = StableHash().add(world.fingerprint()).add(budget).value();
        if (!visited_->enter(key, left.depth) || left.depth == 0) return;
        for (const Flight& flight : world.flights())
            try_it(world, left, {.verb = Verb::deliver, .message = flight.name});
        for (std::size_t number = 1; number <= world.nodes().size(); ++number)
            visit_node(world, left, static_cast<std::uint8_t>(number));
    }

    void visit_node(const World& world, const Left& left, std::uint8_t number) {
        const Node& node = world.node(number);
        if (!node.is_up()) return try_it(world, left, {.verb = Verb::restart, .node = number});
        if (!node.pending.empty()) try_it(world, left, {.verb = Verb::sync, .node = number});
        if (node.wake_at != Instant::never())
            try_it(world, left, {.verb = Verb::tick, .node = number});
        if (left.proposals > 0 && node.state().role == raft::Role::leader) {
            Left next = left;
            --next.proposals;
            try_it(world, next, {.verb = Verb::propose, .node = number, .count = 1});
        }
        if (left.crashes == 0) return;
        Left next = left;
        --next.crashes;
        try_it(world, next, {.verb = Verb::crash, .node = number});
        const bool has_unsynced = node.disk.unsynced_changes() + node.disk.unsynced_saves() > 0;
        if (has_unsynced)
            try_it(world, next, {.verb = Verb::crash, .node = number, .count = 99, .extra = 99});
    }

    void try_it(const World& world, Left left, const Command& command) {
        if (is_over()) return;
        World branch = world;
        if (!branch.apply(command)) return;
        ++steps_;
        path_.push_back(command);
        if (branch.finding()) {
            finding_ = branch.finding();
            return;
        }
        --left.depth;
        visit(branch, left);
        if (!finding_) path_.pop_back();
    }

    ExhaustiveOptions options_;
    std::optional<World> root_;
    Visited* visited_ = nullptr;
    std::uint64_t steps_ = 0;
    std::optional<Finding> finding_;
    std::vector<Command> path_;
};

}  // namespace

ExhaustiveReport explore_all(const ExhaustiveOptions& options) {
    return Search(options).run();
}

}  // namespace glasslog::sim::direct
