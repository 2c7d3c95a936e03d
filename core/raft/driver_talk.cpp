// What the driver says to other nodes, and to those who ask it.

#include "core/base/overloaded.hpp"
#include "core/raft/driver.hpp"
#include "core/trace/event.hpp"
#include "core/trace/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace glasslog::raft {

namespace {

namespace kinds = trace::kinds;

// Versions below do not know a pre-vote, and would take it for a vote.
constexpr protocol::Version pre_vote_since{2};

// Endpoints of another cluster that are remembered; of the others it is told again.
constexpr std::size_t strangers_max = 64;

Lane lane_of(const Request& request) {
    const bool is_fetch = std::holds_alternative<FetchRequest>(request) ||
                          std::holds_alternative<FetchSnapshotRequest>(request);
    return is_fetch ? Lane::fetches : Lane::questions;
}

}  // namespace

// ------------------------------------------------------------------------------------ questions

std::optional<runtime::Endpoint> ReplicatedLog::Driver::endpoint_of(NodeId to) const {
    if (to < no_node) {
        const auto index = static_cast<std::size_t>(-2 - to.value());
        return options_.bootstrap_servers.at(index);
    }
    std::span<const Endpoint> endpoints;
    const State& now = state();
    if (to == now.leader && !now.leader_endpoints.empty()) {
        endpoints = now.leader_endpoints;
    } else if (const Voter* voter = now.voters().find(to)) {
        endpoints = voter->endpoints;
    } else if (now.leading.change && now.leading.change->added.voter_id == to) {
        endpoints = now.leading.change->added.endpoints;
    }
    const Endpoint* at = choose_endpoint(endpoints, context_.listener);
    if (at == nullptr) return std::nullopt;
    return runtime::Endpoint{.host = at->host, .port = at->port};
}

void ReplicatedLog::Driver::send(Send what) {
    const auto at = endpoint_of(what.to);
    if (!at) return later([this, id = what.id] { failed(id); });
    std::visit(overloaded{
                   [&](const VoteRequest& one) {
                       ask<protocol::VoteResponse>(what, to_wire(one, context_), *at);
                   },
                   [&](const BeginQuorumEpochRequest& one) {
                       ask<protocol::BeginQuorumEpochResponse>(what, to_wire(one, context_), *at);
                   },
                   [&](const EndQuorumEpochRequest& one) {
                       ++farewell_count_;
                       ask<protocol::EndQuorumEpochResponse>(what, to_wire(one, context_), *at);
                   },
                   [&](const FetchRequest& one) {
                       ask<protocol::FetchResponse>(what, to_wire(one, context_), *at);
                   },
                   [&](const FetchSnapshotRequest& one) {
                       ask<protocol::FetchSnapshotResponse>(what, to_wire(one, context_), *at);
                   },
                   [&](const AddVoterRequest& one) {
                       ask<protocol::AddRaftVoterResponse>(what, to_wire(one, context_), *at);
                   },
                   [&](const RemoveVoterRequest& one) {
                       ask<protocol::RemoveRaftVoterResponse>(what, to_wire(one, context_), *at);
                   },
                   [&](const UpdateVoterRequest& one) {
                       ask<protocol::UpdateRaftVoterResponse>(what, to_wire(one, context_), *at);
                   },
                   [&](const ProbeRequest& one) {
                       ask<protocol::ApiVersionsResponse>(what, to_wire(one, context_), *at);
                   },
               },
               what.request);
}

template <typename WireResponse, typename WireRequest>
void ReplicatedLog::Driver::ask(const Send& what,
                                WireRequest request,
                                const runtime::Endpoint& at) {
    rpc::SendOptions sending{.timeout = options_.machine.timing.request_timeout};
    if (const auto* vote = std::get_if<VoteRequest>(&what.request); vote && vote->is_pre_vote) {
        sending.version_min = pre_vote_since;
    }
    const bool is_farewell = std::holds_alternative<EndQuorumEpochRequest>(what.request);
    auto done = [this, id = what.id, to = what.to, at, is_farewell](
                    Expected<rpc::Answered<WireResponse>, rpc::RpcError> result) {
        if (is_farewell) --farewell_count_;
        std::optional<Heard> heard;
        if (result) note_cluster(at, result->response.error_code);
        if (result) heard = hear(result->response, context_);
        if (!result) lost(to, at, result.error());
        heard ? answered(id, std::move(*heard)) : failed(id);
        finish_stop();
    };
    peers_.client(what.to, lane_of(what.request), at)
        .send<WireResponse>(std::move(request), sending, gate_.wrap(std::move(done)));
}

// Once for each answer that differs from the one before: a node of another cluster asks for ever.
void ReplicatedLog::Driver::note_cluster(const runtime::Endpoint& at, protocol::WireError error) {
    if (error != protocol::WireError::inconsistent_cluster_id) {
        strangers_.erase(at);
        return;
    }
    if (strangers_.size() >= strangers_max) strangers_.erase(strangers_.begin());
    if (!strangers_.insert(at).second) return;
    trace::log(runtime_.trace,
               trace::LogLevel::warning,
               "raft",
               fmt::format("the quorum at {}:{} is of another cluster than this node, which was "
                           "formatted for cluster {}",
                           at.host,
                           at.port,
                           context_.cluster_id));
}

// With fast detection on: a reset connection may mean that the node is gone, and a refused one
// does. Who asked nothing when the connection was reset finds out when it cannot be opened again.
void ReplicatedLog::Driver::lost(NodeId to,
                                 const runtime::Endpoint& at,
                                 const rpc::RpcError& error) {
    const bool is_asked_for = options_.machine.timing.fast_election_delay_max > Duration();
    const bool may_be_gone =
        error.failure == rpc::RpcFailure::lost || error.failure == rpc::RpcFailure::unreachable;
    if (!is_asked_for || !may_be_gone || to != state().leader) return;
    peers_.knock(at, gate_.wrap([this, to] { step({Refused{to}}); }));
}

void ReplicatedLog::Driver::failed(RequestId id) {
    step({Failed{id}});
}

void ReplicatedLog::Driver::answered(RequestId id, Heard heard) {
    step({Answered{id, std::move(heard.response)}, std::move(heard.bytes)});
}

// -------------------------------------------------------------------------------------- answers

// In a task of its own, in order: who is answered may ask again at once.
void ReplicatedLog::Driver::later(runtime::Task task) {
    outbox_.push_back(std::move(task));
    if (outbox_.size() > 1) return;
    runtime_.executor.post(gate_.wrap([this] {
        std::deque<runtime::Task> tasks = std::exchange(outbox_, {});
        for (runtime::Task& one : tasks)
            one();
    }));
}

void ReplicatedLog::Driver::reply(Reply what) {
    std::visit(overloaded{[&](Response& response) { deliver(what.token, std::move(response), {}); },
                          [&](const ProposeReply& answer) { proposed_ = answer; },
                          [&](const ReadReply& answer) { reply_read(what.token, answer); },
                          [&](const UpgradeReply& answer) { reply_upgrade(what.token, answer); }},
               what.answer);
}

void ReplicatedLog::Driver::deliver(RequestToken token, Response response, Payload bytes) {
    const auto at = owed_.find(token);
    if (at == owed_.end()) return;
    Owed owed = std::move(at->second);
    owed_.erase(at);
    if (const auto* vote = std::get_if<VoteResponse>(&response); vote && owed.vote) {
        trace::emit(runtime_.trace,
                    kinds::QuorumVoteAnswered{owed.vote->candidate.id,
                                              owed.vote->epoch,
                                              owed.vote->is_pre_vote,
                                              vote->is_granted});
    }
    later([deliver = std::move(owed.deliver),
           response = std::move(response),
           bytes = std::move(bytes)]() mutable { deliver(response, std::move(bytes)); });
}

void ReplicatedLog::Driver::reply_from_log(ReplyFromLog what) {
    const auto at = owed_.find(what.token);
    if (at == owed_.end()) return;
    const MetadataLog::Wanted wanted{what.offset, what.upto, at->second.bytes_max};
    if (auto cached = log_.read_cached(wanted)) {
        return deliver(what.token, std::move(what.head), std::move(cached->batches));
    }
    auto read = [this, token = what.token, head = std::move(what.head)](
                    Expected<storage::ReadResult, IoError> result) mutable {
        // What cannot be read is not there: the answer says nothing of it, and is asked for again.
        deliver(token, std::move(head), result ? std::move(result->batches) : Payload());
    };
    log_.read(wanted, gate_.wrap(std::move(read)));
}

void ReplicatedLog::Driver::reply_from_snapshot(ReplyFromSnapshot what) {
    const auto at = owed_.find(what.token);
    if (at == owed_.end()) return;
    auto served = [this, token = what.token, head = std::move(what.head)](
                      SnapshotStore::Range range) mutable {
        head.error = range.error;
        head.size = range.size;
        head.byte_count = static_cast<std::int64_t>(range.bytes.size());
        deliver(token, std::move(head), Payload(std::move(range.bytes)));
    };
    log_.snapshots().serve({what.id, what.position, at->second.bytes_max},
                           gate_.wrap(std::move(served)));
}

}  // namespace glasslog::raft
