#include "tests/core/raft/raft_lab.hpp"

#include "core/base/check.hpp"
#include "core/base/overloaded.hpp"

#include <utility>

namespace glasslog::raft::test {

Voter voter(std::int32_t id) {
    return {.voter_id = NodeId(id),
            .voter_directory_id = Uuid{7, static_cast<std::uint64_t>(id)},
            .endpoints = {{"CONTROLLER", "localhost", static_cast<std::uint16_t>(9000 + id)}},
            .kraft_version_feature = {0, 1}};
}

namespace {

std::vector<Voter> first_voters(std::int32_t count) {
    std::vector<Voter> voters;
    for (std::int32_t id = 1; id <= count; ++id)
        voters.push_back(voter(id));
    return voters;
}

}  // namespace

RaftLab::RaftLab(std::int32_t voters, std::int32_t nodes, Rules rules)
    : RaftLab(first_voters(voters), std::max(voters, nodes), rules, 1) {}

RaftLab::RaftLab(std::vector<Voter> voters, std::int32_t nodes, Rules rules, std::int16_t level)
    : voters_(std::move(voters)), rules_(rules), kraft_version_(level) {
    for (std::int32_t id = 1; id <= nodes; ++id)
        boot(nodes_[NodeId(id)], NodeId(id));
    deliver_all();
}

RaftLab RaftLab::with_static_voters(std::int32_t voters) {
    std::vector<Voter> configured = first_voters(voters);
    for (Voter& one : configured)
        one.voter_directory_id = {};
    return {std::move(configured), voters, {}, 0};
}

void RaftLab::boot(LabNode& node, NodeId id) {
    Options options;
    options.self = key_of(voter(id.value()));
    options.endpoints = voter(id.value()).endpoints;
    options.rules = rules_;
    options.seed = static_cast<std::uint64_t>(id.value());
    options.timing.fast_election_delay_max = Duration::milliseconds(50);
    Opened opened;
    opened.quorum = node.saved;
    opened.voters = {{no_offset, VoterSet(voters_), kraft_version_}};
    for (const Batch& batch : node.log) {
        opened.epochs.assign(batch.epoch, batch.base);
        opened.log_end = batch.end;
        const std::int16_t before = opened.voters.back().kraft_version;
        if (batch.voters) {
            const std::int16_t level = batch.kraft_version.value_or(before);
            opened.voters.push_back({batch.end - 1, *batch.voters, level});
        }
    }
    node.raft = std::make_unique<Raft>(std::move(options), std::move(opened));
    node.is_up = true;
    step(id, Start{});
}

void RaftLab::step(NodeId id, const Event& event) {
    LabNode& node = nodes_.at(id);
    if (!node.is_up) return;
    const Mark before = mark(node.raft->state());
    Effects effects = node.raft->step(now_, event);
    const auto broken = check_step(before, node.raft->state());
    CHECK(!broken, "{}", broken.value_or(""));
    const auto state_broken = check_invariants(node.raft->state());
    CHECK(!state_broken, "{}", state_broken.value_or(""));
    carry_out(id, std::move(effects), event);
}

void RaftLab::append(LabNode& node, const Append& append, const Event& cause) {
    Batch batch{append.base, append.end, append.epoch, ++last_digest_, {}, {}};
    std::visit(overloaded{[&](const LeaderChange& change) {
                              if (!change.writes_voters) return;
                              batch.voters = change.voters;
                              batch.kraft_version = change.kraft_version;
                          },
                          [&](const VotersChange& change) {
                              batch.voters = change.voters;
                              batch.kraft_version = change.kraft_version;
                          },
                          [&](const Fetched& fetched) {
                              const auto& answered = std::get<Answered>(cause);
                              const auto& response = std::get<FetchResponse>(answered.response);
                              batch = response.batches.at(fetched.index);
                          },
                          [](const Barrier&) {},
                          [](const Proposed&) {}},
               append.content);
    node.log.push_back(std::move(batch));
}

void RaftLab::carry_out(NodeId id, Effects effects, const Event& cause) {
    LabNode& node = nodes_.at(id);
    if (effects.truncate) {
        std::erase_if(node.log, [&](const Batch& one) { return one.end > *effects.truncate; });
    }
    for (const Append& one : effects.append)
        append(node, one, cause);
    if (effects.save) node.saved = *effects.save;
    send(id, std::move(effects.send_after_sync));
    send(id, std::move(effects.send));
    for (auto* replies : {&effects.reply_after_sync, &effects.reply}) {
        for (Reply& reply : *replies) {
            if (const auto* read = std::get_if<ReadReply>(&reply.answer)) {
                node.reads[reply.token] = *read;
            } else if (const auto* upgrade = std::get_if<UpgradeReply>(&reply.answer)) {
                node.upgrades[reply.token] = *upgrade;
            } else if (auto* response = std::get_if<Response>(&reply.answer)) {
                answer(id, reply.token, std::move(*response));
            }
        }
    }
    for (ReplyFromLog& reply : effects.reply_from_log) {
        reply.head.batches = read_log(node, reply.offset, reply.upto);
        answer(id, reply.token, std::move(reply.head));
    }
    for (ReplyFromSnapshot& reply : effects.reply_from_snapshot) {
        reply.head.size = 10;
        reply.head.byte_count = std::min<std::int64_t>(4, 10 - reply.position);
        answer(id, reply.token, std::move(reply.head));
    }
    if (effects.write_snapshot && effects.write_snapshot->is_last) {
        node.log.clear();
        node.snapshots.push_back(effects.write_snapshot->id);
        step(id,
             SnapshotInstalled{effects.write_snapshot->id,
                               {no_offset, VoterSet(voters_), kraft_version_}});
    }
    const Offset end = node.raft->state().log_end;
    if (effects.sync && end > node.raft->state().synced_end) step(id, Synced{end});
}

std::vector<Batch> RaftLab::read_log(const LabNode& node, Offset from, Offset upto) const {
    std::vector<Batch> found;
    for (const Batch& batch : node.log) {
        if (batch.base >= from && batch.end <= upto) found.push_back(batch);
    }
    return found;
}

void RaftLab::answer(NodeId id, RequestToken token, Response response) {
    const auto at = owed_.find(token);
    if (at == owed_.end()) {
        if (const auto* change = std::get_if<VoterChangeResponse>(&response)) {
            nodes_.at(id).changes[token] = *change;
        }
        return;
    }
    const Owed owed = at->second;
    owed_.erase(at);
    in_flight_.push_back({id, owed.from, std::pair(owed.id, std::move(response))});
}

void RaftLab::send(NodeId from, std::vector<Send> sends) {
    for (Send& one : sends) {
        const NodeId to = one.to;
        in_flight_.push_back({from, to, std::move(one)});
    }
}

bool RaftLab::is_reachable(NodeId from, NodeId to) {
    const auto at = nodes_.find(to);
    return at != nodes_.end() && at->second.is_up && !at->second.is_cut && !nodes_.at(from).is_cut;
}

void RaftLab::deliver(Message message) {
    if (auto* question = std::get_if<Send>(&message.what)) {
        if (!is_reachable(message.from, message.to)) {
            const auto at = nodes_.find(message.to);
            const bool is_down = at == nodes_.end() || !at->second.is_up;
            if (is_down) step(message.from, Failed{question->id});
            return;
        }
        const RequestToken token(++last_token_);
        owed_[token] = {message.from, question->id};
        step(message.to, Received{token, std::move(question->request)});
        return;
    }
    if (!is_reachable(message.from, message.to)) return;
    auto& [id, response] = std::get<1>(message.what);
    step(message.to, Answered{id, std::move(response)});
}

void RaftLab::deliver_all() {
    while (!in_flight_.empty()) {
        Message message = std::move(in_flight_.front());
        in_flight_.pop_front();
        deliver(std::move(message));
    }
}

void RaftLab::run(Duration passed) {
    const Instant until = now_ + passed;
    for (;;) {
        NodeId due = no_node;
        Instant when = until;
        for (auto& [id, node] : nodes_) {
            if (!node.is_up || node.raft->state().armed >= when) continue;
            due = id;
            when = node.raft->state().armed;
        }
        if (due == no_node) break;
        now_ = std::max(now_, when);
        step(due, Tick{});
        deliver_all();
    }
    now_ = until;
}

void RaftLab::tick(std::int32_t id) {
    now_ = std::max(now_, state(id).armed);
    step(NodeId(id), Tick{});
    deliver_all();
}

RequestToken RaftLab::propose(std::int32_t id, std::int32_t record_count) {
    const RequestToken token(++last_token_);
    step(NodeId(id), Propose{token, record_count});
    deliver_all();
    return token;
}

RequestToken RaftLab::tell(std::int32_t id, Request request) {
    const RequestToken token(++last_token_);
    step(NodeId(id), Received{token, std::move(request)});
    deliver_all();
    return token;
}

// What is answered at once or while messages go; a time-out of the lab's own for the rest.
UpgradeReply RaftLab::upgrade(std::int32_t id, std::int16_t level, bool is_only_checked) {
    const RequestToken token(++last_token_);
    step(NodeId(id), UpgradeKraftVersion{token, level, is_only_checked});
    deliver_all();
    const auto& answers = node(id).upgrades;
    const auto at = answers.find(token);
    return at == answers.end() ? UpgradeReply{WireError::network_exception} : at->second;
}

RequestToken RaftLab::read(std::int32_t id) {
    const RequestToken token(++last_token_);
    step(NodeId(id), Read{token});
    deliver_all();
    return token;
}

void RaftLab::crash(std::int32_t id) {
    node(id).is_up = false;
    std::erase_if(owed_, [&](const auto& one) { return one.second.from == NodeId(id); });
}

void RaftLab::restart(std::int32_t id) {
    boot(node(id), NodeId(id));
    deliver_all();
}

std::int32_t RaftLab::leader() {
    std::int32_t found = 0;
    for (auto& [id, node] : nodes_) {
        if (!node.is_up || node.raft->state().role != Role::leader) continue;
        if (found != 0) return 0;
        found = id.value();
    }
    return found;
}

}  // namespace glasslog::raft::test
