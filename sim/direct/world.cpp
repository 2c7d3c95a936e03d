#include "sim/direct/world.hpp"

#include "sim/direct/token.hpp"
#include "sim/invariants/snapshot_prefix.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::sim::direct {
namespace {

constexpr std::size_t snapshots_max = 2;

Uuid directory_of(NodeId id, std::uint32_t wipes) {
    return {static_cast<std::uint64_t>(id.value()), wipes + std::uint64_t{1}};
}

std::vector<raft::Endpoint> endpoints_of(NodeId id) {
    return {{.name = "C", .host = "h", .port = static_cast<std::uint16_t>(9000 + id.value())}};
}

raft::Voter voter_of(const Node& node, const WorldOptions& options) {
    raft::Voter voter{.voter_id = node.id,
                      .voter_directory_id = options.kraft_version > 0 ? node.key.directory : Uuid{},
                      .endpoints = {},
                      .kraft_version_feature = {0, 1}};
    if (options.has_endpoints) voter.endpoints = endpoints_of(node.id);
    return voter;
}

void count(Bites& bites, Bite bite) {
    ++bites[static_cast<std::size_t>(bite)];
}

}  // namespace

World::World(const WorldOptions& options) : options_(options) {
    CHECK(options.nodes() <= static_cast<int>(nodes_max), "{} nodes", options.nodes());
    theorems_.watched = options.watched;
    const auto total = static_cast<std::size_t>(options.nodes());
    nodes_.resize(total);
    sent_.resize(total * total * 32);
    std::vector<raft::Voter> voters;
    for (std::size_t i = 0; i < total; ++i) {
        Node& node = nodes_[i];
        node.id = NodeId(static_cast<std::int32_t>(i + 1));
        node.key = {node.id, directory_of(node.id, 0)};
        node.can_vote = i < static_cast<std::size_t>(options.voters + options.spares);
        if (i < static_cast<std::size_t>(options.voters)) voters.push_back(voter_of(node, options));
    }
    const raft::VotersAt quorum{no_offset, raft::VoterSet(voters), options.kraft_version};
    const raft::VotersAt nothing{no_offset, raft::VoterSet(), 0};
    for (std::size_t i = 0; i < total; ++i) {
        // A spare comes to a quorum that may write voters, and is told whom to ask.
        const bool is_voter = i < static_cast<std::size_t>(options.voters);
        const bool is_told = is_voter || (options.kraft_version == 0 && !nodes_[i].can_vote);
        nodes_[i].configured = is_told ? quorum : nothing;
        start(nodes_[i], Instant{});
    }
}

std::size_t World::leader() const {
    std::size_t found = 0;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        const Node& node = nodes_[i];
        if (!node.is_up() || node.state().role != raft::Role::leader) continue;
        if (found == 0 || node.state().epoch > nodes_[found - 1].state().epoch) found = i + 1;
    }
    return found;
}

bool World::apply(const Command& command) {
    if (names_message(command.verb)) return apply_to_message(command);
    if (command.verb == Verb::cut || command.verb == Verb::heal) return set_cut(command);
    if (command.node == 0 || command.node > nodes_.size()) return false;
    return apply_to_node(node(command.node), command);
}

bool World::set_cut(const Command& command) {
    if (command.node == 0 && command.verb == Verb::heal) {
        cuts_ = {};
        return true;
    }
    if (command.node == 0 || command.node > nodes_.size()) return false;
    if (command.peer == 0 || command.peer > nodes_.size()) return false;
    std::uint32_t& row = cuts_[command.node - std::size_t{1}];
    const std::uint32_t bit = 1U << (command.peer - 1U);
    row = command.verb == Verb::cut ? row | bit : row & ~bit;
    return true;
}

// ------------------------------------------------------------------------------------- messages

std::optional<std::size_t> World::find(const MessageName& name) const {
    for (std::size_t i = 0; i < flights_.size(); ++i) {
        const MessageName& one = flights_[i].name;
        if (one.from != name.from || one.to != name.to) continue;
        if (name.kind != any_kind && one.kind != name.kind) continue;
        if (name.n == 0 || one.n == name.n) return i;
    }
    return std::nullopt;
}

World::Body World::take(std::size_t flight) {
    const std::uint32_t slot = flights_[flight].body;
    flights_.erase(flights_.begin() + static_cast<std::ptrdiff_t>(flight));
    free_bodies_.push_back(slot);
    return std::move(bodies_[slot]);
}

bool World::apply_to_message(const Command& command) {
    const auto at = find(command.message);
    if (!at) return false;
    if (command.verb == Verb::deliver) return deliver(*at, command.at);
    const Flight flight = flights_[*at];
    if (command.verb == Verb::duplicate) {
        put(flight, bodies_[flight.body]);
        count(bites_, Bite::duplicate);
        return true;
    }
    const bool is_answer = flight.name.kind >= first_answer_kind;
    const Body body = take(*at);
    count(bites_, command.verb == Verb::drop ? Bite::drop : Bite::failure);
    if (command.verb == Verb::drop) return true;
    Node& asker = node(is_answer ? flight.name.to : flight.name.from);
    const std::uint32_t life = is_answer ? flight.target_life : flight.sender_life;
    if (!asker.can_run() || asker.life != life) return true;
    asker.clock = std::max(asker.clock, command.at);
    step(asker, raft::Failed{body.id});
    return true;
}

bool World::deliver(std::size_t flight, Instant at) {
    const Flight message = flights_[flight];
    Node& receiver = node(message.name.to);
    if (receiver.is_paused) return false;
    for (std::size_t i = 0; i < flight; ++i) {
        const MessageName& older = flights_[i].name;
        if (older.from != message.name.from || older.to != message.name.to) continue;
        count(bites_, Bite::reorder);
        break;
    }
    Body body = take(flight);
    if (is_cut(message.name.from, message.name.to)) {
        count(bites_, Bite::cut);
        return true;
    }
    if (!receiver.is_up()) return true;
    receiver.clock = std::max(receiver.clock, at);
    if (auto* const request = std::get_if<raft::Request>(&body.content)) {
        const auto* const vote = std::get_if<raft::VoteRequest>(request);
        const Token token{.asker = message.name.from,
                          .life = message.sender_life,
                          .request = body.id.value(),
                          .is_pre_vote = vote != nullptr && vote->is_pre_vote,
                          .copy = message.name.n};
        step(receiver, raft::Received{pack(token), std::move(*request)});
        return true;
    }
    if (receiver.life != message.target_life) return true;
    auto& response = *std::get_if<raft::Response>(&body.content);
    const bool is_chunk = body.snapshot.has_value();
    arriving_ = is_chunk ? std::move(body.snapshot) : std::nullopt;
    step(receiver, raft::Answered{body.id, std::move(response)});
    arriving_.reset();
    return true;
}

// ---------------------------------------------------------------------------------------- nodes

bool World::apply_to_node(Node& node, const Command& command) {
    switch (command.verb) {
        case Verb::tick:
            return tick(node, command.at);
        case Verb::sync:
            return complete_sync(node, command.at);
        case Verb::crash:
            return crash(node, {command.count, command.extra});
        case Verb::restart:
            return !node.is_up() && start(node, command.at);
        case Verb::wipe:
            return wipe(node);
        case Verb::unlist:
            if (!node.is_up()) node.configured = {no_offset, raft::VoterSet(), 0};
            return !node.is_up();
        case Verb::pause:
            return node.can_run() && (node.is_paused = true);
        case Verb::resume:
            return node.is_paused && !(node.is_paused = false);
        default:
            break;
    }
    if (!node.can_run()) return false;
    node.clock = std::max(node.clock, command.at);
    switch (command.verb) {
        case Verb::refused:
            return refuse(node, command);
        case Verb::reset:
            return reset(node, command);
        case Verb::snapshot:
            return take_snapshot(node);
        case Verb::add_voter:
        case Verb::remove_voter:
        case Verb::update_voter:
            return ask_for_change(node, command);
        case Verb::propose: {
            const auto count = static_cast<std::int32_t>(std::max(command.count, 1U));
            step(node, raft::Propose{pack(client_token(++operations_)), count});
            return true;
        }
        case Verb::read:
            reads_.push_back(theorems_.committed.end());
            step(node, raft::Read{pack(client_token(reads_.size() - 1))});
            return true;
        case Verb::upgrade:
            step(node, raft::UpgradeKraftVersion{pack(client_token(++operations_)), 1, false});
            return true;
        case Verb::resign:
            if (node.state().role == raft::Role::leader) count(bites_, Bite::resign);
            step(node, raft::Resign{});
            return true;
        default:
            return false;
    }
}

bool World::tick(Node& node, Instant at) {
    if (!node.can_run() || node.wake_at == Instant::never()) return false;
    node.clock = std::max({node.clock, at, node.wake_at});
    step(node, raft::Tick{});
    return true;
}

bool World::complete_sync(Node& node, Instant at) {
    if (!node.can_run() || node.pending.empty()) return false;
    node.clock = std::max(node.clock, at);
    PendingSync done = std::move(node.pending.front());
    node.pending.erase(node.pending.begin());
    if (done.installs) {
        install(node, *done.installs);
        return true;
    }
    node.disk.sync(done.point);
    const raft::QuorumState& quorum = node.disk.durable_quorum();
    note(Theorem::vote_once, theorems_.votes.see_durable(node.id, quorum.epoch, quorum.voted.id));
    for (raft::Send& message : done.sends)
        send(node, std::move(message));
    for (raft::Reply& one : done.replies)
        reply(node, std::move(one));
    step(node, raft::Synced{done.upto});
    return true;
}

bool World::crash(Node& node, NodeDisk::Kept kept) {
    if (!node.is_up()) return false;
    count(bites_, Bite::crash);
    if (node.disk.crash(kept)) count(bites_, Bite::lost_unsynced);
    node.machine.reset();
    node.is_paused = false;
    node.pending.clear();
    node.wake_at = Instant::never();
    return true;
}

bool World::wipe(Node& node) {
    if (node.is_up()) return false;
    count(bites_, Bite::wipe);
    node.lost_disk = std::exchange(node.disk, {});
    node.lost_directory = node.key.directory;
    node.snapshots.clear();
    node.key.directory = directory_of(node.id, ++node.wipes);
    node.configured = {no_offset, raft::VoterSet(), 0};
    theorems_.votes.see_wiped(node.id);
    return true;
}

raft::Opened World::open(const Node& node) const {
    raft::Opened opened;
    opened.quorum = node.disk.durable_quorum();
    opened.log_start = node.disk.log_start();
    opened.log_end = node.disk.log_end();
    opened.voters.push_back(node.configured);
    if (!node.snapshots.empty()) {
        opened.snapshot = node.snapshots.back().id;
        opened.voters.back() = node.snapshots.back().voters;
        if (opened.log_start == opened.snapshot->end)
            opened.epochs.assign(opened.snapshot->epoch, opened.log_start);
    }
    for (const LoggedBatch& batch : node.disk.log()) {
        opened.epochs.assign(batch.epoch, batch.base);
        if (batch.config == 0) continue;
        const Config& config = configs_[batch.config - 1];
        raft::VotersAt next = opened.voters.back();
        next.offset = batch.end - 1;
        if (config.voters) next.voters = *config.voters;
        if (config.kraft_version) next.kraft_version = *config.kraft_version;
        opened.voters.push_back(std::move(next));
    }
    return opened;
}

bool World::start(Node& node, Instant at) {
    ++node.life;
    if (node.life > 1) count(bites_, Bite::restart);
    node.clock = std::max(node.clock, at);
    node.wake_at = Instant::never();
    node.partial = 0;
    node.applied = node.disk.log_start();
    node.fold = node.snapshots.empty() ? 0 : node.snapshots.back().fold;
    const raft::QuorumState& quorum = node.disk.durable_quorum();
    note(Theorem::vote_once, theorems_.votes.see_durable(node.id, quorum.epoch, quorum.voted.id));
    raft::Options options;
    options.self = node.key;
    options.can_vote = node.can_vote;
    if (options_.has_endpoints) options.endpoints = endpoints_of(node.id);
    options.bootstrap_server_count = static_cast<std::size_t>(options_.voters);
    options.joins_by_itself = options_.joins_by_itself;
    options.timing = options_.timing;
    options.rules = options_.rules;
    options.seed = StableHash()
                       .add(options_.seed)
                       .add(static_cast<std::uint64_t>(node.id.value()))
                       .add(node.life)
                       .value();
    node.machine.emplace(std::move(options), open(node));
    node.face = face_of(node.state());
    step(node, raft::Start{});
    return true;
}

bool World::refuse(Node& node, const Command& command) {
    if (command.peer == 0 || command.peer > nodes_.size()) return false;
    const Node& peer = this->node(command.peer);
    if (peer.is_up() || options_.timing.fast_election_delay_max <= Duration{}) return false;
    count(bites_, Bite::refused);
    step(node, raft::Refused{peer.id});
    return true;
}

bool World::reset(Node& node, const Command& command) {
    bool is_asking = false;
    for (;;) {
        const auto& asked = node.state().outstanding;
        const auto to_peer = std::ranges::find_if(asked, [&](const raft::Outstanding& one) {
            return one.to == NodeId(command.peer);
        });
        if (to_peer == asked.end() || !node.can_run() || is_asking) return is_asking;
        is_asking = true;
        count(bites_, Bite::reset);
        step(node, raft::Failed{to_peer->id});
    }
}

bool World::ask_for_change(Node& node, const Command& command) {
    if (command.peer == 0 || command.peer > nodes_.size()) return false;
    const Node& subject = this->node(command.peer);
    raft::Voter voter = voter_of(subject, options_);
    voter.voter_directory_id = subject.key.directory;
    if (command.verb == Verb::add_voter) {
        raft::AddVoterRequest request{voter, options_.timing.change_voter_timeout, true};
        step(node, raft::Received{pack(client_token(++operations_)), std::move(request)});
    } else if (command.verb == Verb::remove_voter) {
        // The voter of that id, whatever its disk.
        raft::ReplicaKey key = subject.key;
        if (const raft::Voter* known = node.state().voters().find(key.id))
            key = raft::key_of(*known);
        step(node,
             raft::Received{pack(client_token(++operations_)), raft::RemoveVoterRequest{key}});
    } else {
        voter.endpoints = endpoints_of(subject.id);
        voter.endpoints[0].port = static_cast<std::uint16_t>(9100 + operations_ % 50);
        raft::UpdateVoterRequest request{node.state().epoch, voter};
        step(node, raft::Received{pack(client_token(++operations_)), std::move(request)});
    }
    return true;
}

bool World::take_snapshot(Node& node) {
    const Offset end = node.applied;
    const std::span<const LoggedBatch> log = node.disk.log();
    const LoggedBatch* const last = batch_ending_at(log, end);
    if (last == nullptr || end <= node.disk.log_start()) return false;
    Snapshot snapshot{{end, last->epoch}, node.fold, last->chain, node.configured};
    for (const raft::VotersAt& one : node.state().voter_history) {
        if (one.offset < end) snapshot.voters = one;
    }
    note(Theorem::snapshot_prefix,
         snapshot_prefix(node.id, {end, last->epoch, node.fold}, theorems_.committed));
    count(bites_, Bite::snapshot);
    const raft::SnapshotId id = snapshot.id;
    node.snapshots.push_back(std::move(snapshot));
    if (node.snapshots.size() > snapshots_max) node.snapshots.erase(node.snapshots.begin());
    step(node, raft::SnapshotTaken{id});
    return true;
}

}  // namespace glasslog::sim::direct
