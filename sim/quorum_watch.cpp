#include "sim/quorum_watch.hpp"

#include "core/base/overloaded.hpp"
#include "core/metadata/image_records.hpp"
#include "sim/invariants/acked_topics_kept.hpp"
#include "sim/invariants/eventual_leader.hpp"
#include "sim/invariants/leader_completeness.hpp"
#include "sim/invariants/only_committed_visible.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::sim {
namespace {

namespace kinds = trace::kinds;

const std::string election_safe = "election-safety";
const std::string one_belief = "never-two-leaders-in-same-epoch";
const std::string voted_once = "vote-once";
const std::string logs_match = "log-matching";
const std::string complete = "leader-completeness";
const std::string backed = "quorum-backed";
const std::string images_match = "metadata-log-matching";
const std::string only_committed = "only-committed-visible";
const std::string epochs_unique = "broker-epochs";
const std::string one_controller = "controller-exclusion";
const std::string topics_kept = "acked-topics-kept";
const std::string leader_comes = "eventual-leader";

constexpr Duration look_again = Duration::milliseconds(1);  // at a log that is still being written

Offset end_of(std::span<const LoggedBatch> log) {
    return log.empty() ? Offset(0) : log.back().end;
}

}  // namespace

const std::vector<std::string>& quorum_promises() {
    static const std::vector<std::string> names{election_safe,
                                                one_belief,
                                                voted_once,
                                                logs_match,
                                                complete,
                                                backed,
                                                images_match,
                                                only_committed,
                                                epochs_unique,
                                                one_controller,
                                                leader_comes,
                                                topics_kept};
    return names;
}

void QuorumWatch::note(const std::string& promise, const std::optional<std::string>& text) {
    if (text) broken_(promise, *text);
}

void QuorumWatch::see(NodeId node, const trace::AnyKind& kind) {
    std::visit(overloaded{[&](const kinds::QuorumRoleChanged& e) { see_role(node, e); },
                          [&](const kinds::QuorumVoteAnswered& e) {
                              if (!e.is_granted || e.is_pre_vote) return;
                              note(voted_once, votes_.see_vote(node, e.epoch, e.candidate));
                          },
                          [&](const kinds::QuorumCommitted& e) {
                              const Member& member = members_[node];
                              if (member.leads) {
                                  committed_end_ = std::max(committed_end_, e.to);
                                  exclusion_.see_committed(node, member.epoch, e.to);
                              }
                              plan(node);
                          },
                          [&](const kinds::BatchAppended& e) { see_batch(node, e); },
                          [&](const kinds::MetadataCommitted&) { plan(node); },
                          [&](const kinds::NodeCrashed&) { members_[node].leads = false; },
                          [&](const kinds::NodeStopped&) { members_[node].leads = false; },
                          [](const auto&) {}},
               kind);
}

void QuorumWatch::see_role(NodeId node, const kinds::QuorumRoleChanged& role) {
    note(one_belief, beliefs_.see_view(node, role.epoch, role.leader));
    members_[node] = {role.epoch, role.role == "leader"};
    if (role.role != "leader") return;
    note(election_safe, elections_.see_leader(node, role.epoch));
    // Its own vote was a promise at the latest now; before, it may be forgotten with the power.
    note(voted_once, votes_.see_vote(node, role.epoch, node));
    exclusion_.see_leader(node, role.epoch);
    plan(node);
}

void QuorumWatch::see_batch(NodeId node, const kinds::BatchAppended& batch) {
    if (batch.topic != metadata::metadata_topic) return;
    note(one_controller,
         exclusion_.see_batch(node, batch.leader_epoch, batch.base, batch.is_control));
}

void QuorumWatch::plan(NodeId node) {
    if (!planned_.insert(node).second) return;
    World& world = stage_.world();
    world.at(world.now(), [this, node] { look(node); });
}

void QuorumWatch::look(NodeId node) {
    planned_.erase(node);
    metadata::Service* const service = stage_.metadata(node);
    if (service == nullptr) return;
    look_at_log(node, service->log().state());
    look_at_image(node, *service->image());
}

void QuorumWatch::look_at_log(NodeId node, const raft::State& state) {
    LogOnDisk& files = files_[node];
    const std::size_t known = files.read(stage_.world().disk(node), committed_);
    const std::span<const LoggedBatch> log = files.batches();
    for (const LoggedBatch& batch : log.subspan(known))
        note(logs_match, logs_.see_copied(node, batch));
    // Writes and truncations are on their way: what the files say is not yet what the node knows.
    const bool is_behind =
        end_of(log) != state.log_end || (!log.empty() && log.back().epoch != state.last_epoch());
    if (is_behind) {
        World& world = stage_.world();
        if (planned_.insert(node).second)
            world.at(world.now() + look_again, [this, node] { look(node); });
        return;
    }
    if (state.role == raft::Role::leader) look_at_leader(node, state, log);
    const Offset upto = std::min(state.high_watermark, end_of(log));
    note(logs_match, committed_.commit(state.epoch, log, upto));
    const auto last = std::ranges::find_if(log.rbegin(), log.rend(), [upto](const auto& batch) {
        return batch.end <= upto;
    });
    if (last == log.rend()) return;
    const auto* const same = committed_.ending_at(last->end);
    if (same != nullptr && same->batch.chain == last->chain) return;
    note(logs_match,
         fmt::format("what node {} calls committed below {} is not what was committed there",
                     node,
                     last->end));
}

void QuorumWatch::look_at_leader(NodeId node,
                                 const raft::State& state,
                                 std::span<const LoggedBatch> log) {
    const Offset begin = log.empty() ? Offset(0) : log.front().base;
    if (complete_.insert(state.epoch).second)
        note(complete, leader_completeness(state.epoch, log, begin, committed_));
    if (!state.leading.has_committed) return;
    const LoggedBatch* const last = batch_ending_at(log, state.high_watermark);
    if (last == nullptr) return;
    // It may have been committed just before the voters changed.
    const auto& history = state.voter_history;
    if (history.size() > 1) {
        const Backing before = backing_of(*last, history[history.size() - 2].voters);
        if (!quorum_backed(node, state.high_watermark, before)) return;
    }
    note(backed, quorum_backed(node, state.high_watermark, backing_of(*last, state.voters())));
}

Backing QuorumWatch::backing_of(const LoggedBatch& last, const raft::VoterSet& voters) {
    Backing backing{0, voters.majority()};
    for (const raft::Voter& voter : voters.all()) {
        LogOnDisk& files = files_[voter.voter_id];
        DiskImage& disk = stage_.world().disk(voter.voter_id);
        files.read(disk, committed_);
        const auto durable = files.durable(disk);
        const LoggedBatch* const own = batch_ending_at(durable, last.end);
        const bool is_below = !durable.empty() && durable.front().base >= last.end;
        if (is_below || (own != nullptr && own->chain == last.chain)) ++backing.durable_count;
    }
    return backing;
}

void QuorumWatch::look_at_image(NodeId node, const metadata::Image& image) {
    if (image.offset == no_offset) return;
    note(only_committed, only_committed_visible(node, image.offset + 1, committed_end_));
    StableHash hash;
    for (const Bytes& value : metadata::snapshot_values(image))
        hash.add(value.view());
    note(images_match, images_.see_image(node, image.offset, hash.value()));
    image.brokers.for_each([&](NodeId id, const metadata::BrokerPtr& broker) {
        note(epochs_unique,
             broker_epochs_.see(image.offset, id, broker->epoch, broker->incarnation_id));
    });
}

void QuorumWatch::conclude() {
    std::vector<ReplicaView> views;
    for (const std::string& name : stage_.controllers()) {
        const NodeId node = *stage_.world().find_node(name);
        metadata::Service* const service = stage_.metadata(node);
        if (service == nullptr) {
            note(leader_comes, fmt::format("all is healed, and {} does not run", name));
            continue;
        }
        look(node);
        const raft::State& state = service->log().state();
        ReplicaView view;
        view.node = node;
        view.epoch = state.epoch;
        view.leader = state.leader;
        view.leads = state.role == raft::Role::leader;
        views.push_back(view);
        note(topics_kept, acked_topics_kept(history_, name, *service->image()));
    }
    note(leader_comes, eventual_leader(views));
    count_lost_topics();
}

void QuorumWatch::count_lost_topics() {
    for (const auto& [creator, mine] : history_.creators()) {
        for (std::size_t i = 0; i < mine.topics.size(); ++i) {
            const std::string name = topic_name(creator, static_cast<std::int64_t>(i));
            const bool is_lost = std::ranges::any_of(stage_.controllers(), [&](const auto& node) {
                auto* const service = stage_.metadata(*stage_.world().find_node(node));
                return service != nullptr && service->image()->find_topic(name) == nullptr;
            });
            if (is_lost && mine.topics[i].outcome == Outcome::acked) history_.lost_topic(creator);
        }
    }
}

}  // namespace glasslog::sim
