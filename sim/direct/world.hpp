#pragma once

// A direct world: Raft machines that exchange typed messages, without bytes, files or a scheduler.
// Nothing happens by itself: every change is a Command. What a machine wants is done here as a
// driver would, in the order of docs/architecture.md: the log and the quorum state change at once
// and survive a crash from their sync on, which is an event of its own; what waits for that sync
// leaves then, and is dropped when a truncation removes its cause.
//
// A world is a value: a copy is a branch.

#include "core/raft/raft.hpp"
#include "sim/direct/command.hpp"
#include "sim/direct/coverage.hpp"
#include "sim/direct/node_disk.hpp"
#include "sim/direct/theorems.hpp"
#include "sim/invariants/config_overlap.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace glasslog::sim::direct {

inline constexpr std::size_t nodes_max = 12;

struct WorldOptions {
    int voters = 3;
    int spares = 0;     // controllers that are no voters, yet
    int observers = 0;  // brokers
    std::int16_t kraft_version = 1;
    bool has_endpoints = true;
    bool joins_by_itself = false;
    std::uint32_t snapshot_chunks = 2;  // of each snapshot: so many fetches it takes
    bool is_checked = true;             // local_sanity after every step; the other theorems always
    raft::Timing timing;
    raft::Rules rules;
    std::uint64_t seed = 1;
    TheoremSet watched = all_theorems;

    int nodes() const { return voters + spares + observers; }
};

// One message on its way. due: for whoever plans; the world does not look at it.
struct Flight {
    MessageName name;
    std::uint32_t body = 0;         // slot
    std::uint32_t sender_life = 0;  // for a request: of who asks
    std::uint32_t target_life = 0;  // for an answer: of who asked
    Instant due;
};

// What a snapshot holds.
struct Snapshot {
    raft::SnapshotId id;
    std::uint64_t fold = 0;
    std::uint64_t chain = 0;
    raft::VotersAt voters;
};

// Waits for the disk: a sync, or the installation of a snapshot.
struct PendingSync {
    NodeDisk::Point point;
    Offset upto;
    Offset appended_end = no_offset;  // of this step; no_offset when it appended nothing
    std::vector<raft::Send> sends;
    std::vector<raft::Reply> replies;
    std::optional<Snapshot> installs;
    Instant due;  // as in Flight
};

struct Node {
    NodeId id;
    raft::ReplicaKey key;
    bool can_vote = true;
    std::optional<raft::Raft> machine;  // while it runs
    bool is_paused = false;
    std::uint32_t life = 0;
    std::uint32_t wipes = 0;
    Instant clock;
    Instant wake_at = Instant::never();
    NodeDisk disk;
    NodeDisk lost_disk;  // the one before the last wipe: who voted with it votes no more
    Uuid lost_directory;
    raft::VotersAt configured;  // what it was formatted with
    std::vector<PendingSync> pending;
    std::vector<Snapshot> snapshots;  // durable, at most the last two
    std::int64_t partial = 0;         // bytes of the snapshot that is being fetched
    Offset applied{0};
    std::uint64_t fold = 0;  // of the state machine at `applied`
    Face face;

    bool is_up() const { return machine.has_value(); }

    bool can_run() const { return machine.has_value() && !is_paused; }

    const raft::State& state() const { return machine->state(); }
};

class World {
public:
    explicit World(const WorldOptions& options);

    // False when the command does not apply. Verbs from `run` on are a pacer's (pacer.hpp).
    bool apply(const Command& command);

    // As apply() with the verb deliver, without looking for the message.
    bool deliver(std::size_t flight, Instant at);

    const WorldOptions& options() const { return options_; }

    std::span<const Node> nodes() const { return nodes_; }

    Node& node(std::size_t number) { return nodes_[number - 1]; }  // from 1

    const Node& node(std::size_t number) const { return nodes_[number - 1]; }

    std::vector<Flight>& flights() { return flights_; }

    const std::vector<Flight>& flights() const { return flights_; }

    bool is_cut(std::size_t from, std::size_t to) const {
        return (cuts_[from - 1] & 1U << (to - 1)) != 0;
    }

    // The running node of the highest epoch that leads; 0 for none.
    std::size_t leader() const;

    const std::optional<Finding>& finding() const { return theorems_.first; }

    void note(Theorem theorem, std::optional<std::string> breach) {
        theorems_.note(theorem, std::move(breach), steps_);
    }

    const CommittedPrefix& committed() const { return theorems_.committed; }

    std::uint64_t steps() const { return steps_; }

    const Bites& bites() const { return bites_; }

    Bites& bites() { return bites_; }

    const Coverage& coverage() const { return coverage_; }

    // Of every step's outcome, in order.
    std::uint64_t digest() const { return digest_.value(); }

    // Of all that decides what can happen next, times as distances from the node's clock.
    std::uint64_t fingerprint() const;

private:
    struct Body {
        std::variant<raft::Request, raft::Response> content;
        raft::RequestId id;
        std::optional<Snapshot> snapshot;  // of an answer to FetchSnapshot
    };

    // --- world.cpp: commands
    bool apply_to_message(const Command& command);
    bool apply_to_node(Node& node, const Command& command);
    std::optional<std::size_t> find(const MessageName& name) const;
    Body take(std::size_t flight);
    bool tick(Node& node, Instant at);
    bool complete_sync(Node& node, Instant at);
    bool crash(Node& node, NodeDisk::Kept kept);
    bool start(Node& node, Instant at);
    bool wipe(Node& node);
    bool refuse(Node& node, const Command& command);
    bool reset(Node& node, const Command& command);
    bool ask_for_change(Node& node, const Command& command);
    bool take_snapshot(Node& node);
    bool set_cut(const Command& command);
    raft::Opened open(const Node& node) const;

    // --- effects.cpp: one step and what it wants
    void step(Node& node, const raft::Event& event);
    bool change_log(Node& node, const raft::Effects& effects, const raft::Event& event);
    LoggedBatch batch_of(const Node& node, const raft::Append& append, const raft::Event& event);
    void truncate(Node& node, Offset to);
    static void drop_waiting(Node& node, Offset to);
    static void queue_sync(Node& node, raft::Effects& effects);
    void send(Node& node, raft::Send send);
    void reply(Node& node, raft::Reply reply);
    void answer(Node& node,
                raft::RequestToken packed,
                raft::Response response,
                std::optional<Snapshot> snapshot);
    void reply_from_log(Node& node, raft::ReplyFromLog& reply);
    void reply_from_snapshot(Node& node, raft::ReplyFromSnapshot& reply);
    void write_snapshot(Node& node, const raft::WriteSnapshot& write);
    void install(Node& node, const Snapshot& snapshot);
    void apply_records(Node& node, Offset upto);
    void put(Flight flight, Body body);
    std::uint32_t config_of(const std::optional<raft::VoterSet>& voters,
                            std::optional<std::int16_t> kraft_version);
    raft::Batch batch_from(const LoggedBatch& logged) const;

    // --- checks.cpp: what the theorems are told
    void see_vote(const Node& node, LeaderEpoch epoch, NodeId candidate);
    void see_leader(const Node& node);
    void see_high_watermark(const Node& node, const raft::Mark& before);
    void see_voters(const Node& node);
    void see_added(const Node& leader, const raft::Voter& voter);
    void see_step(Node& node, const raft::Mark& before, const raft::Effects& effects);
    VoterMask mask_of(const raft::VoterSet& voters) const;
    ConfigHolder holder(const Node& node) const;

    struct Config {
        std::optional<raft::VoterSet> voters;
        std::optional<std::int16_t> kraft_version;
    };

    WorldOptions options_;
    std::vector<Node> nodes_;
    std::vector<Flight> flights_;  // the oldest first
    std::vector<Body> bodies_;
    std::vector<std::uint32_t> free_bodies_;
    std::array<std::uint32_t, nodes_max> cuts_{};  // by sender, bit of receiver
    std::vector<std::uint32_t> sent_;              // by (from, to, kind)
    std::vector<Offset> reads_;                    // by operation: committed when it was asked
    std::vector<Config> configs_;                  // named by LoggedBatch::config - 1
    std::optional<Snapshot> arriving_;             // with the answer that is being delivered
    std::uint64_t operations_ = 0;                 // of clients, so far
    std::uint64_t steps_ = 0;
    Theorems theorems_;
    Bites bites_{};
    Coverage coverage_;
    StableHash digest_;
};

}  // namespace glasslog::sim::direct
