#include "core/replication/fetch_join.hpp"

#include "core/base/check.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::replication {

namespace {

RequestToken token_of(FetchTicket ticket) {
    return RequestToken(ticket.value());
}

}  // namespace

FetchJoin::FetchJoin(const runtime::Runtime& runtime, Replicas replicas, std::size_t parked_max)
    : runtime_(runtime), replicas_(std::move(replicas)), parked_max_(parked_max) {}

FetchJoin::Job* FetchJoin::find(FetchTicket ticket) {
    const auto at = jobs_.find(ticket);
    return at == jobs_.end() ? nullptr : at->second.get();
}

FetchTicket FetchJoin::start(FetchRequest request, Answer<std::vector<ReadResult>> done) {
    const FetchTicket ticket(++last_ticket_);
    auto job = std::make_unique<Job>();
    job->request = std::move(request);
    job->done = std::move(done);
    job->results.reserve(job->request.partitions.size());
    reserve(*job);
    jobs_.emplace(ticket, std::move(job));
    read_on(ticket);
    if (Job* begun = find(ticket)) begun->is_in_call = false;
    return ticket;
}

void FetchJoin::reserve(Job& job) {
    std::int64_t wanted = 0;
    for (const PartitionRead& read : job.request.partitions)
        wanted += std::max(read.max_bytes, 0);
    wanted = std::clamp<std::int64_t>(wanted, 0, std::max(job.request.max_bytes, 0));
    job.reserved_bytes = static_cast<std::size_t>(wanted);
    reserved_bytes_ += job.reserved_bytes;
}

void FetchJoin::release(Job& job) {
    CHECK(reserved_bytes_ >= job.reserved_bytes);
    reserved_bytes_ -= std::exchange(job.reserved_bytes, 0);
}

// Reads until a partition has to be waited for, or all are read.
void FetchJoin::read_on(FetchTicket ticket) {
    Job* job = find(ticket);
    while (job != nullptr && job->results.size() < job->request.partitions.size()) {
        if (!read_next(ticket, *job)) return;
    }
    if (job != nullptr) read_done(ticket, *job);
}

// False: it goes on later.
bool FetchJoin::read_next(FetchTicket ticket, Job& job) {
    const PartitionRead& wanted = job.request.partitions[job.results.size()];
    Replica* replica = replicas_.find(wanted.partition);
    if (replica == nullptr) {
        add(job, {.error = replicas_.missing(wanted.partition)}, no_offset);
        return true;
    }
    if (!replica->is_open()) {
        if (replica->when_open(gate_.wrap([this, ticket] { read_on(ticket); }))) return false;
        add(job, {.error = WireError::not_leader_or_follower}, no_offset);
        return true;
    }
    const FetchReply reply = replica->fetch({.token = token_of(ticket),
                                             .offset = wanted.offset,
                                             .current_leader_epoch = wanted.current_leader_epoch,
                                             .last_fetched_epoch = wanted.last_fetched_epoch,
                                             .replica = job.request.replica,
                                             .isolation = job.request.isolation});
    const bool is_refused = reply.error != WireError::none || job.request.max_bytes < 0;
    if (is_refused) {
        const WireError error =
            reply.error != WireError::none ? reply.error : WireError::unknown_server_error;
        add(job, {.error = error, .leader_epoch = replica->leader_epoch()}, no_offset);
        return true;
    }
    return read_log(ticket, job, *replica, reply);
}

bool FetchJoin::read_log(FetchTicket ticket, Job& job, Replica& replica, const FetchReply& reply) {
    ReadResult result{.high_watermark = reply.high_watermark,
                      .last_stable_offset = reply.last_stable_offset,
                      .log_start = reply.log_start,
                      .diverging = reply.diverging,
                      .leader_epoch = replica.leader_epoch()};
    const std::int64_t left = job.request.max_bytes - static_cast<std::int64_t>(job.bytes);
    const std::int64_t own = job.request.partitions[job.results.size()].max_bytes;
    const std::int64_t limit = std::max<std::int64_t>(std::min(left, own), 0);
    const bool is_first = job.bytes == 0;
    if (reply.offset >= reply.upto || (limit == 0 && !is_first)) {
        add(job, std::move(result), reply.upto);
        return true;
    }
    const storage::ReadRequest request{.from = reply.offset,
                                       .upto = reply.upto,
                                       .max_bytes = static_cast<std::size_t>(limit),
                                       .min_one_batch = is_first};
    if (auto cached = replica.read_cached(request)) {
        result.records = std::move(cached->batches);
        add(job, std::move(result), reply.upto);
        return true;
    }
    replica.read(request,
                 gate_.wrap([this, ticket, seen = reply.upto, result = std::move(result)](
                                Expected<storage::ReadResult, IoError> read) mutable {
                     Job* waiting = find(ticket);
                     if (waiting == nullptr) return;
                     if (read) {
                         result.records = std::move(read->batches);
                     } else {
                         const bool is_gone = read.error().code == IoCode::not_found;
                         const bool is_closed = read.error().code == IoCode::closed;
                         result = {.error = is_gone     ? WireError::offset_out_of_range
                                            : is_closed ? WireError::not_leader_or_follower
                                                        : WireError::kafka_storage_error};
                     }
                     add(*waiting, std::move(result), seen);
                     read_on(ticket);
                 }));
    return false;
}

void FetchJoin::add(Job& job, ReadResult result, Offset seen) {
    job.bytes += result.records.size();
    job.has_more_to_say =
        job.has_more_to_say || result.error != WireError::none || result.diverging.has_value();
    job.results.push_back(std::move(result));
    job.seen.push_back(seen);
}

void FetchJoin::read_done(FetchTicket ticket, Job& job) {
    const auto min_bytes = static_cast<std::uint64_t>(std::max(job.request.min_bytes, 0));
    const bool is_enough = job.phase == Phase::reading_again || job.has_more_to_say ||
                           job.request.partitions.empty() || job.bytes >= min_bytes ||
                           job.request.max_wait <= Duration() || parked_count_ >= parked_max_;
    if (!is_enough) return park(ticket, job);
    if (!job.is_in_call) return answer(ticket);
    runtime_.executor.post(gate_.wrap([this, ticket] { answer(ticket); }));
}

void FetchJoin::park(FetchTicket ticket, Job& job) {
    job.phase = Phase::parked;
    release(job);
    ++parked_count_;
    job.timer = runtime_.executor.at(runtime_.clock.now() + job.request.max_wait,
                                     [this, ticket] { wake(ticket); });
    for (std::size_t at = 0; at < job.results.size(); ++at) {
        Replica* replica = replicas_.find(job.request.partitions[at].partition);
        if (replica == nullptr || !replica->is_open()) continue;
        replica->watch(
            {.token = token_of(ticket), .seen = job.seen[at], .isolation = job.request.isolation});
    }
}

void FetchJoin::unpark(FetchTicket ticket, Job& job) {
    job.timer.cancel();
    --parked_count_;
    for (const PartitionRead& read : job.request.partitions) {
        Replica* replica = replicas_.find(read.partition);
        if (replica != nullptr && replica->is_open()) replica->unwatch(token_of(ticket));
    }
}

void FetchJoin::on_news(const News& news) {
    const FetchTicket ticket(news.token.value());
    Job* job = find(ticket);
    if (job == nullptr || job->phase != Phase::parked) return;
    job->bytes_come += news.bytes;
    const auto min_bytes = static_cast<std::uint64_t>(std::max(job->request.min_bytes, 0));
    const bool is_enough = news.is_urgent || job->bytes + job->bytes_come >= min_bytes;
    if (!is_enough || job->is_due) return;
    job->is_due = true;
    // The replica is in the middle of a step.
    if (due_.empty()) runtime_.executor.post(gate_.wrap([this] { wake_due(); }));
    due_.push_back(ticket);
}

void FetchJoin::wake_due() {
    for (const FetchTicket ticket : std::exchange(due_, {})) {
        if (Job* job = find(ticket)) job->bytes_come = std::max<std::uint64_t>(job->bytes_come, 1);
        wake(ticket);
    }
}

// Ends the wait: with what was read, or, when more came since, with a second reading.
void FetchJoin::wake(FetchTicket ticket) {
    Job* job = find(ticket);
    if (job == nullptr || job->phase != Phase::parked) return;
    unpark(ticket, *job);
    job->phase = Phase::reading_again;
    if (job->bytes_come == 0) return answer(ticket);
    reserve(*job);
    job->results.clear();
    job->seen.clear();
    job->bytes = 0;
    read_on(ticket);
}

void FetchJoin::finish(FetchTicket ticket) {
    runtime_.executor.post(gate_.wrap([this, ticket] { wake(ticket); }));
}

void FetchJoin::finish_all() {
    std::vector<FetchTicket> tickets;
    for (const auto& [ticket, job] : jobs_)
        tickets.push_back(ticket);
    for (const FetchTicket ticket : tickets)
        wake(ticket);
}

void FetchJoin::answer(FetchTicket ticket) {
    auto job = jobs_.extract(ticket);
    if (job.empty()) return;
    release(*job.mapped());
    job.mapped()->done(std::move(job.mapped()->results));
}

}  // namespace glasslog::replication
