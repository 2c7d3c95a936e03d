// What users of the log and other nodes ask of it.

#include "core/raft/replicated.hpp"

#include "core/raft/describe_quorum.hpp"
#include "core/raft/driver.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

namespace glasslog::raft {

// --------------------------------------------------------------------------------------- reads

void ReplicatedLog::Driver::reply_read(RequestToken token, const ReadReply& answer) {
    const auto at = reads_.find(token);
    if (at == reads_.end()) return;
    auto done = std::move(at->second);
    reads_.erase(at);
    if (answer.error != WireError::none) {
        return later(
            [done = std::move(done), error = answer.error]() mutable { done(Unexpected{error}); });
    }
    confirmed_.push_back({answer.high_watermark, std::move(done)});
    settle_reads();
}

void ReplicatedLog::Driver::settle_reads() {
    std::erase_if(confirmed_, [this](ConfirmedRead& read) {
        if (read.upto > applier_.applied()) return false;
        later([done = std::move(read.done), upto = read.upto]() mutable { done(upto); });
        return true;
    });
}

void ReplicatedLog::Driver::read(UniqueFunction<void(Expected<Offset, WireError>)> done) {
    if (!is_active()) {
        return later([done = std::move(done)]() mutable {
            done(Unexpected{WireError::not_leader_or_follower});
        });
    }
    const RequestToken token(++last_token_);
    reads_.emplace(token, std::move(done));
    step({Read{token}});
}

void ReplicatedLog::Driver::upgrade_kraft_version(std::int16_t level,
                                                  bool is_only_checked,
                                                  UniqueFunction<void(UpgradeReply)> done) {
    if (!is_active()) {
        return later(
            [done = std::move(done)]() mutable { done({WireError::not_leader_or_follower}); });
    }
    const RequestToken token(++last_token_);
    upgrades_.emplace(token, std::move(done));
    step({UpgradeKraftVersion{token, level, is_only_checked}});
}

void ReplicatedLog::Driver::reply_upgrade(RequestToken token, UpgradeReply answer) {
    auto waiting = upgrades_.extract(token);
    if (waiting.empty()) return;
    later([done = std::move(waiting.mapped()), answer]() mutable { done(answer); });
}

Expected<Proposal, WireError> ReplicatedLog::Driver::propose(std::span<const Bytes> values) {
    if (!is_active() || is_stepping_ || !is_alive()) {
        return Unexpected{WireError::not_leader_or_follower};
    }
    proposed_.reset();
    step({Propose{RequestToken(++last_token_), static_cast<std::int32_t>(values.size())},
          {values.begin(), values.end()}});
    CHECK(proposed_.has_value(), "a proposal is answered at once");
    if (proposed_->error != WireError::none) return Unexpected{proposed_->error};
    return Proposal{proposed_->base, proposed_->epoch};
}

// ------------------------------------------------------------------------------------- requests

namespace {

// What a request's sender takes at most; the least is one batch.
constexpr std::size_t answer_bytes_max = 8U << 20;

template <typename WireRequest>
std::size_t bytes_max_of(const WireRequest& request) {
    if constexpr (requires { request.max_bytes; }) {
        const auto asked = static_cast<std::size_t>(std::max(request.max_bytes, 1));
        return std::min(asked, answer_bytes_max);
    }
    return 0;
}

template <typename WireResponse>
WireResponse answer_with(const Response& response, Answering how) {
    if constexpr (std::is_same_v<WireResponse, protocol::VoteResponse>) {
        return answer_vote(std::get<VoteResponse>(response), how);
    } else if constexpr (std::is_same_v<WireResponse, protocol::BeginQuorumEpochResponse>) {
        return answer_begin(std::get<BeginQuorumEpochResponse>(response), how);
    } else if constexpr (std::is_same_v<WireResponse, protocol::EndQuorumEpochResponse>) {
        return answer_end(std::get<EndQuorumEpochResponse>(response), how);
    } else if constexpr (std::is_same_v<WireResponse, protocol::FetchResponse>) {
        return answer_fetch(std::get<FetchResponse>(response), std::move(how));
    } else if constexpr (std::is_same_v<WireResponse, protocol::FetchSnapshotResponse>) {
        return answer_fetch_snapshot(std::get<FetchSnapshotResponse>(response), std::move(how));
    } else if constexpr (std::is_same_v<WireResponse, protocol::AddRaftVoterResponse>) {
        return answer_add(std::get<VoterChangeResponse>(response));
    } else if constexpr (std::is_same_v<WireResponse, protocol::RemoveRaftVoterResponse>) {
        return answer_remove(std::get<VoterChangeResponse>(response));
    } else {
        return answer_update(std::get<VoterChangeResponse>(response), how);
    }
}

}  // namespace

template <typename WireRequest, typename WireResponse>
void ReplicatedLog::Driver::take(const WireRequest& request, Answer<WireResponse> done) {
    auto understood = from_wire(request, context_);
    auto* typed = std::get_if<0>(&understood);
    if (typed == nullptr || !is_alive()) {
        WireResponse refused;
        refused.error_code = WireError::broker_not_available;
        if (typed == nullptr) refused = std::move(std::get<1>(understood));
        return later([done = std::move(done), refused = std::move(refused)]() mutable {
            done(std::move(refused));
        });
    }
    Owed owed;
    owed.bytes_max = bytes_max_of(request);
    if constexpr (std::is_same_v<WireRequest, protocol::VoteRequest>) owed.vote = *typed;
    owed.deliver = [this, done = std::move(done)](const Response& response, Payload bytes) mutable {
        done(answer_with<WireResponse>(response, {context_, std::move(bytes)}));
    };
    const RequestToken token(++last_token_);
    owed_.emplace(token, std::move(owed));
    step({Received{token, std::move(*typed)}});
}

void ReplicatedLog::Driver::describe(const protocol::DescribeQuorumRequest& request,
                                     Answer<protocol::DescribeQuorumResponse> done) {
    auto response =
        describe_quorum(request, state(), {runtime_.clock.now(), runtime_.clock.wall()});
    later([done = std::move(done), response = std::move(response)]() mutable {
        done(std::move(response));
    });
}

// --------------------------------------------------------------------------------- ReplicatedLog

ReplicatedLog::ReplicatedLog(const runtime::Runtime& runtime,
                             storage::LogDirectory& directory,
                             QuorumOptions options)
    : driver_(std::make_unique<Driver>(runtime, directory, std::move(options))) {}

ReplicatedLog::~ReplicatedLog() = default;

void ReplicatedLog::start(LogListener listener, runtime::IoDone<void> done) {
    driver_->start(std::move(listener), std::move(done));
}

void ReplicatedLog::stop(UniqueFunction<void(bool is_clean)> done) {
    driver_->stop(std::move(done));
}

Expected<Proposal, WireError> ReplicatedLog::propose(std::span<const Bytes> values) {
    return driver_->propose(values);
}

void ReplicatedLog::read(UniqueFunction<void(Expected<Offset, WireError>)> done) {
    driver_->read(std::move(done));
}

void ReplicatedLog::upgrade_kraft_version(std::int16_t level,
                                          bool is_only_checked,
                                          UniqueFunction<void(UpgradeReply)> done) {
    driver_->upgrade_kraft_version(level, is_only_checked, std::move(done));
}

void ReplicatedLog::take_snapshot(NewSnapshot snapshot, runtime::IoDone<void> done) {
    driver_->take_snapshot(std::move(snapshot), std::move(done));
}

bool ReplicatedLog::is_active() const {
    return driver_->is_active();
}

Offset ReplicatedLog::end() const {
    return state().log_end;
}

Offset ReplicatedLog::committed_end() const {
    return std::max(state().high_watermark, Offset(0));
}

const State& ReplicatedLog::state() const {
    return driver_->state();
}

void ReplicatedLog::handle(const protocol::FetchRequest& request,
                           Answer<protocol::FetchResponse> done) {
    driver_->take(request, std::move(done));
}

void ReplicatedLog::handle(const protocol::VoteRequest& request,
                           Answer<protocol::VoteResponse> done) {
    driver_->take(request, std::move(done));
}

void ReplicatedLog::handle(const protocol::BeginQuorumEpochRequest& request,
                           Answer<protocol::BeginQuorumEpochResponse> done) {
    driver_->take(request, std::move(done));
}

void ReplicatedLog::handle(const protocol::EndQuorumEpochRequest& request,
                           Answer<protocol::EndQuorumEpochResponse> done) {
    driver_->take(request, std::move(done));
}

void ReplicatedLog::handle(const protocol::FetchSnapshotRequest& request,
                           Answer<protocol::FetchSnapshotResponse> done) {
    driver_->take(request, std::move(done));
}

void ReplicatedLog::handle(const protocol::AddRaftVoterRequest& request,
                           Answer<protocol::AddRaftVoterResponse> done) {
    driver_->take(request, std::move(done));
}

void ReplicatedLog::handle(const protocol::RemoveRaftVoterRequest& request,
                           Answer<protocol::RemoveRaftVoterResponse> done) {
    driver_->take(request, std::move(done));
}

void ReplicatedLog::handle(const protocol::UpdateRaftVoterRequest& request,
                           Answer<protocol::UpdateRaftVoterResponse> done) {
    driver_->take(request, std::move(done));
}

void ReplicatedLog::handle(const protocol::DescribeQuorumRequest& request,
                           Answer<protocol::DescribeQuorumResponse> done) {
    driver_->describe(request, std::move(done));
}

}  // namespace glasslog::raft
