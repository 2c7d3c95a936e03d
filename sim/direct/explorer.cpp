#include "sim/direct/explorer.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace glasslog::sim::direct {
namespace {

constexpr std::uint64_t steps_max = 20'000;

// What a trigger compares.
struct Seen {
    raft::ReplicaKey voted;
    raft::Role role = raft::Role::unattached;
    Offset high_watermark;
    Offset log_end;
};

class Explorer {
public:
    explicit Explorer(const Plan& plan)
        : plan_(plan), world_(plan.world), pacer_(world_, plan.pace) {}

    RunReport run() {
        plan_.strategy == Strategy::wild ? run_wild() : run_timed();
        run_epilogue();
        RunReport report;
        report.seed = plan_.seed;
        report.strategy = plan_.strategy;
        report.world = plan_.world;
        report.pace = plan_.pace;
        report.commands = std::move(commands_);
        report.finding = world_.finding();
        report.steps = world_.steps();
        report.digest = world_.digest();
        report.bites = world_.bites();
        report.requested = requested_bites(plan_);
        report.coverage = world_.coverage();
        return report;
    }

private:
    // What is to be done at a time: an act that comes again, or the end of one.
    struct Planned {
        Instant at;
        std::optional<Act> act;
        Command undo;
    };

    bool is_over() const { return world_.finding() || world_.steps() > steps_max; }

    std::uint64_t draw(std::uint64_t what) {
        return StableHash().add(plan_.seed).add(what).add(++draws_[what % draws_.size()]).value();
    }

    bool holds(Ratio ratio, std::uint64_t what) {
        return ratio.parts > 0 && ratio.holds(draw(what));
    }

    Duration between_ms(std::int64_t low, std::int64_t high) {
        return Duration::milliseconds(between(draw(90), low, high));
    }

    std::size_t node_count() const { return world_.nodes().size(); }

    std::uint8_t any_node() { return static_cast<std::uint8_t>(1 + below(draw(91), node_count())); }

    // The leader, mostly.
    std::uint8_t likely_leader() {
        const std::size_t leader = world_.leader();
        const bool is_other = holds({1, 5}, 92);
        return leader == 0 || is_other ? any_node() : static_cast<std::uint8_t>(leader);
    }

    bool give(Command command) {
        if (plan_.strategy != Strategy::wild && command.verb < Verb::run && command.node != 0)
            command.at = pacer_.now();
        commands_.push_back(command);
        return pacer_.apply(command);
    }

    void later(Duration delay, Command undo) {
        planned_.push_back({pacer_.now() + delay, std::nullopt, undo});
    }

    // --- with time
    void run_timed() {
        for (std::size_t i = 0; i < act_count; ++i) {
            if (plan_.every[i] > Duration{}) plan_next(static_cast<Act>(i));
        }
        const Instant end = pacer_.now() + plan_.length;
        while (!is_over()) {
            const Due due = pacer_.next();
            const auto first = std::ranges::min_element(planned_, {}, &Planned::at);
            const bool is_plan_next = first != planned_.end() && first->at <= due.at;
            if ((is_plan_next ? first->at : due.at) > end) break;
            if (is_plan_next) {
                const Planned planned = *first;
                planned_.erase(first);
                pacer_.advance(planned.at);
                perform(planned);
            } else {
                perform(due);
            }
        }
        planned_.clear();
    }

    void plan_next(Act act) {
        const std::int64_t every = plan_.every[static_cast<std::size_t>(act)].nanoseconds();
        const std::uint64_t drawn = draw(static_cast<std::uint64_t>(act));
        const Duration wait = Duration::nanoseconds(between(drawn, every / 4, every * 7 / 4));
        planned_.push_back({pacer_.now() + wait, act, {}});
    }

    void perform(const Planned& planned) {
        if (!planned.act) {
            give(planned.undo);
            return;
        }
        plan_next(*planned.act);
        perform(*planned.act);
    }

    void perform(const Due& due) {
        pacer_.advance(due.at);
        const Command command = pacer_.command_of(due);
        std::size_t number = due.index;
        if (due.verb == Verb::deliver) {
            number = command.message.to;
            if (spoil(command)) return;
        }
        commands_.push_back(command);
        pacer_.perform(due);
        if (plan_.strategy == Strategy::state_triggered || plan_.triggers[1].parts > 0)
            pull_triggers(number);
    }

    // True when the message is lost.
    bool spoil(Command command) {
        if (holds(plan_.duplicate, 20)) {
            Command copy = command;
            copy.verb = Verb::duplicate;
            commands_.push_back(copy);
            world_.apply(copy);
        }
        const bool is_dropped = holds(plan_.drop, 21);
        const bool is_failed = !is_dropped && holds(plan_.fail, 22);
        if (!is_dropped && !is_failed) return false;
        command.verb = is_dropped ? Verb::drop : Verb::fail;
        commands_.push_back(command);
        pacer_.apply(command);
        return true;
    }

    void pull_triggers(std::size_t number) {
        const Node& node = world_.node(number);
        if (!node.is_up()) return;
        const raft::State& state = node.state();
        Seen& seen = seen_[number - 1];
        const Seen now{state.voted, state.role, state.high_watermark, state.log_end};
        const std::array<bool, trigger_count> pulled{
            now.voted != seen.voted && now.voted.id != no_node,
            now.role != seen.role && now.role == raft::Role::leader,
            now.high_watermark > seen.high_watermark,
            now.log_end > seen.log_end};
        seen = now;
        for (std::size_t i = 0; i < trigger_count; ++i) {
            if (!pulled[i] || !holds(plan_.triggers[i], 30 + i)) continue;
            const bool is_crash = holds({3, 4}, 35);
            if (is_crash) return crash(static_cast<std::uint8_t>(number), between_ms(1, 400));
            return isolate(static_cast<std::uint8_t>(number), between_ms(500, 3'000));
        }
    }

    // --- acts
    void perform(Act act) {
        switch (act) {
            case Act::propose:
                give({.verb = Verb::propose, .node = likely_leader(), .count = 1});
                return;
            case Act::read:
                return read();
            case Act::crash:
                return crash(any_node(), between_ms(1, 1'500));
            case Act::crash_pair:
                return crash_pair();
            case Act::isolate:
                return isolate(any_node(), between_ms(200, 4'000));
            case Act::one_way:
                return cut_one_way(any_node(), any_node());
            case Act::deafen:
                return deafen(any_node(), between_ms(200, 4'000));
            case Act::pause:
                return pause(any_node(), between_ms(50, 3'000));
            case Act::wipe:
                return wipe(any_node());
            case Act::resign:
                give({.verb = Verb::resign, .node = likely_leader()});
                return;
            case Act::snapshot:
                give({.verb = Verb::snapshot, .node = any_node()});
                return;
            case Act::change_voters:
                return change_voters();
            case Act::upgrade:
                give({.verb = Verb::upgrade, .node = likely_leader()});
                return;
        }
    }

    // Of all who believe that they lead.
    void read() {
        for (std::uint8_t number = 1; number <= node_count(); ++number) {
            const Node& node = world_.node(number);
            if (node.can_run() && node.state().role == raft::Role::leader)
                give({.verb = Verb::read, .node = number});
        }
    }

    void crash(std::uint8_t number, Duration down) {
        const Node& node = world_.node(number);
        if (!node.is_up()) return;
        const std::uint64_t changes = node.disk.unsynced_changes();
        const std::uint64_t saves = node.disk.unsynced_saves();
        Command command{.verb = Verb::crash, .node = number};
        const std::uint64_t kept = draw(40);
        command.count = static_cast<std::uint32_t>(below(kept, changes + 1));
        command.extra = static_cast<std::uint32_t>(below(draw(41), saves + 1));
        const bool is_raised = plan_.every_of(Act::upgrade) > Duration{} && has_dynamic_voters();
        give(command);
        // Once the voters stand in the log, their line in the files goes.
        if (is_raised && holds({1, 2}, 43)) give({.verb = Verb::unlist, .node = number});
        seen_[number - std::size_t{1}] = {};
        later(down, {.verb = Verb::restart, .node = number});
        const Duration soon = between_ms(1, 20);
        for (std::uint8_t other = 1; other <= node_count(); ++other) {
            if (other == number || holds({1, 4}, 42)) continue;
            const bool is_refused = plan_.world.timing.fast_election_delay_max > Duration{};
            later(soon, {.verb = Verb::reset, .node = other, .peer = number});
            if (is_refused) later(soon, {.verb = Verb::refused, .node = other, .peer = number});
        }
    }

    void crash_pair() {
        const std::uint8_t first = any_node();
        crash(first, between_ms(1, 150));
        const std::uint8_t second = any_node();
        if (second != first) later(between_ms(0, 60), {.verb = Verb::crash, .node = second});
        if (second != first) later(between_ms(61, 200), {.verb = Verb::restart, .node = second});
    }

    void cut_link(std::uint8_t from, std::uint8_t to, Duration length) {
        give({.verb = Verb::cut, .node = from, .peer = to});
        later(length, {.verb = Verb::heal, .node = from, .peer = to});
    }

    void isolate(std::uint8_t number, Duration length) {
        for (std::uint8_t other = 1; other <= node_count(); ++other) {
            if (other == number) continue;
            cut_link(number, other, length);
            cut_link(other, number, length);
        }
    }

    void deafen(std::uint8_t number, Duration length) {
        for (std::uint8_t other = 1; other <= node_count(); ++other) {
            if (other != number) cut_link(other, number, length);
        }
    }

    void cut_one_way(std::uint8_t from, std::uint8_t to) {
        if (from != to) cut_link(from, to, between_ms(200, 4'000));
    }

    void pause(std::uint8_t number, Duration length) {
        if (!give({.verb = Verb::pause, .node = number})) return;
        ++world_.bites()[static_cast<std::size_t>(Bite::pause)];
        later(length, {.verb = Verb::resume, .node = number});
    }

    // The disks of the voters are known, so that a lost one is another voter when it comes back.
    bool has_dynamic_voters() const {
        if (plan_.world.kraft_version > 0) return true;
        const std::size_t leader = world_.leader();
        if (leader == 0) return false;
        const raft::State& state = world_.node(leader).state();
        return state.kraft_version() > 0 &&
               state.voter_history.back().offset < state.high_watermark;
    }

    // At most one voter of a run loses its disk, and none where a majority could then be missing.
    void wipe(std::uint8_t number) {
        if (wiped_ != 0 || plan_.world.voters < 3 || has_removed_ || !has_dynamic_voters()) return;
        wiped_ = number;
        give({.verb = Verb::crash, .node = number});
        give({.verb = Verb::wipe, .node = number});
        later(between_ms(1, 1'000), {.verb = Verb::restart, .node = number});
    }

    void change_voters() {
        const std::uint8_t leader = likely_leader();
        const std::uint8_t peer = any_node();
        const Node& subject = world_.node(peer);
        if (!subject.can_vote) return;
        const std::uint64_t kind = below(draw(50), 10);
        if (kind == 0) {
            give({.verb = Verb::update_voter, .node = leader, .peer = peer});
        } else if (kind < 6) {
            give({.verb = Verb::add_voter, .node = leader, .peer = peer});
        } else if (wiped_ == 0 || wiped_ == peer) {
            has_removed_ = true;
            give({.verb = Verb::remove_voter, .node = leader, .peer = peer});
        }
        // When nothing else waits to be committed, it ends right below the new voters.
        if (plan_.every_of(Act::snapshot) > Duration{} && holds({1, 4}, 51))
            give({.verb = Verb::snapshot, .node = leader});
    }

    // --- without time
    void run_wild() {
        const std::uint64_t length = 150 + below(draw(60), 1'200);
        for (std::size_t i = 0; i < links_.size(); ++i)
            links_[i] = draw(61);
        for (std::uint64_t i = 0; i < length && !is_over(); ++i)
            perform_wild();
    }

    void perform_wild() {
        const std::uint64_t kind = below(draw(62), 1'000);
        const std::uint8_t number = any_node();
        if (kind < 560) return deliver_some();
        if (kind < 780) return sync_some(number);
        if (kind < 850) {
            give({.verb = Verb::tick, .node = number});
        } else if (kind < 920) {
            give({.verb = Verb::propose, .node = likely_leader(), .count = 1});
        } else if (kind < 940) {
            give({.verb = Verb::restart, .node = number});
        } else if (kind < 950) {
            read();
        } else if (kind < 960) {
            links_[below(draw(63), links_.size())] = draw(61);
        } else {
            disturb(kind - 960, number);
        }
    }

    // By the priority of the link, mostly; else any.
    void deliver_some() {
        const auto& flights = world_.flights();
        if (flights.empty()) return;
        std::size_t chosen = below(draw(64), flights.size());
        const bool is_random = holds({1, 4}, 65);
        for (std::size_t i = 0; i < flights.size() && !is_random; ++i) {
            if (priority(flights[i].name) > priority(flights[chosen].name)) chosen = i;
        }
        give({.verb = Verb::deliver, .message = flights[chosen].name});
    }

    std::uint64_t priority(const MessageName& name) const {
        return links_[(name.from * nodes_max + name.to) % links_.size()];
    }

    void sync_some(std::uint8_t number) {
        for (std::size_t i = 0; i < node_count(); ++i) {
            const std::size_t at = (number + i) % node_count() + 1;
            if (world_.node(at).pending.empty()) continue;
            give({.verb = Verb::sync, .node = static_cast<std::uint8_t>(at)});
            return;
        }
    }

    void disturb(std::uint64_t kind, std::uint8_t number) {
        const auto& flights = world_.flights();
        if (kind < 14 && !flights.empty()) {
            const Verb verb = kind < 8 ? Verb::duplicate : kind < 12 ? Verb::drop : Verb::fail;
            const std::size_t chosen = below(draw(66), flights.size());
            give({.verb = verb, .message = flights[chosen].name});
        } else if (kind < 26) {
            Command command{.verb = Verb::crash, .node = number};
            command.count = static_cast<std::uint32_t>(below(draw(67), 4));
            command.extra = static_cast<std::uint32_t>(below(draw(68), 3));
            give(command);
        } else if (kind < 29) {
            give({.verb = Verb::snapshot, .node = number});
        } else if (kind < 31) {
            give({.verb = Verb::resign, .node = number});
        } else if (kind < 33) {
            const bool is_raised =
                has_dynamic_voters() || plan_.every_of(Act::upgrade) == Duration{};
            is_raised ? change_voters() : perform(Act::upgrade);
        } else if (kind < 36) {
            const std::uint8_t to = any_node();
            if (to != number) give({.verb = Verb::cut, .node = number, .peer = to});
        } else {
            give({.verb = Verb::heal});
        }
    }

    // --- afterwards
    void run_epilogue() {
        if (is_over()) return;
        give({.verb = Verb::settle, .count = 60'000});
        if (is_over()) return;
        const std::size_t leader = world_.leader();
        if (leader == 0 || plan_.epilogue == Epilogue::none) return;
        if (plan_.epilogue == Epilogue::alone) {
            give({.verb = Verb::alone, .node = static_cast<std::uint8_t>(leader), .count = 12'000});
        } else {
            run_rejoin(leader);
        }
        if (!is_over()) give({.verb = Verb::settle, .count = 60'000});
    }

    // A voter is away for a while, and comes back to a quorum that did well without it.
    void run_rejoin(std::size_t leader) {
        std::uint8_t away = 0;
        for (std::uint8_t number = 1; number <= node_count(); ++number) {
            const Node& node = world_.node(number);
            const bool is_voter = node.is_up() && node.state().is_voter();
            if (is_voter && number != leader && (away == 0 || holds({1, 2}, 70))) away = number;
        }
        if (away == 0 || world_.node(leader).state().voters().size() < 3) return;
        const bool is_deaf_only = holds({1, 3}, 71);
        for (std::uint8_t other = 1; other <= node_count(); ++other) {
            if (other == away) continue;
            give({.verb = Verb::cut, .node = other, .peer = away});
            if (!is_deaf_only) give({.verb = Verb::cut, .node = away, .peer = other});
        }
        give({.verb = Verb::run, .count = 7'000});
        give({.verb = Verb::heal});
        give({.verb = Verb::steady, .count = 5'000});
    }

    Plan plan_;
    World world_;
    Pacer pacer_;
    std::vector<Command> commands_;
    std::vector<Planned> planned_;
    std::array<Seen, nodes_max> seen_{};
    std::array<std::uint64_t, 101> draws_{};  // by what is drawn
    std::array<std::uint64_t, 64> links_{};   // priorities
    std::uint8_t wiped_ = 0;
    bool has_removed_ = false;
};

}  // namespace

RunReport explore(const ExploreOptions& options, std::uint64_t seed) {
    return Explorer(plan_of(options, seed)).run();
}

}  // namespace glasslog::sim::direct
