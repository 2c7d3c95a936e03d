#include "core/replication/fetch_join.hpp"

#include <algorithm>
#include <utility>

namespace glasslog::replication {

FetchJoin::FetchJoin(const runtime::Runtime& runtime, Replicas replicas)
    : runtime_(runtime), replicas_(std::move(replicas)) {}

FetchJoin::Job* FetchJoin::find(Ticket ticket) {
    const auto at = jobs_.find(ticket);
    return at == jobs_.end() ? nullptr : at->second.get();
}

void FetchJoin::start(FetchRequest request, Answer<std::vector<ReadResult>> done) {
    const Ticket ticket(++last_ticket_);
    auto job = std::make_unique<Job>();
    job->request = std::move(request);
    job->done = std::move(done);
    job->results.reserve(job->request.partitions.size());
    jobs_.emplace(ticket, std::move(job));
    read_on(ticket);
    if (Job* begun = find(ticket)) begun->is_in_call = false;
}

// Reads until a partition has to be waited for, or all are read.
void FetchJoin::read_on(Ticket ticket) {
    Job* job = find(ticket);
    while (job != nullptr && job->results.size() < job->request.partitions.size()) {
        if (!read_next(ticket, *job)) return;
    }
    if (job == nullptr) return;
    if (!job->is_in_call) return answer(ticket);
    runtime_.executor.post(gate_.wrap([this, ticket] { answer(ticket); }));
}

// False: it goes on later.
bool FetchJoin::read_next(Ticket ticket, Job& job) {
    const PartitionRead& wanted = job.request.partitions[job.results.size()];
    Replica* replica = replicas_.find(wanted.partition);
    if (replica == nullptr) {
        job.add({.error = replicas_.missing(wanted.partition)});
        return true;
    }
    if (!replica->is_open()) {
        if (replica->when_open(gate_.wrap([this, ticket] { read_on(ticket); }))) return false;
        job.add({.error = WireError::not_leader_or_follower});
        return true;
    }
    const FetchReply reply = replica->fetch({.token = RequestToken(ticket.value()),
                                             .offset = wanted.offset,
                                             .current_leader_epoch = wanted.current_leader_epoch,
                                             .last_fetched_epoch = wanted.last_fetched_epoch,
                                             .replica = job.request.replica,
                                             .isolation = job.request.isolation});
    const bool is_refused = reply.error != WireError::none || job.request.max_bytes < 0;
    if (is_refused) {
        const WireError error =
            reply.error != WireError::none ? reply.error : WireError::unknown_server_error;
        job.add({.error = error, .leader_epoch = replica->leader_epoch()});
        return true;
    }
    return read_log(ticket, job, *replica, reply);
}

bool FetchJoin::read_log(Ticket ticket, Job& job, Replica& replica, const FetchReply& reply) {
    ReadResult result{.high_watermark = reply.high_watermark,
                      .last_stable_offset = reply.last_stable_offset,
                      .log_start = reply.log_start,
                      .diverging = reply.diverging,
                      .leader_epoch = replica.leader_epoch(),
                      .seen = {reply.upto, reply.committed_bytes}};
    const std::int64_t left = job.request.max_bytes - static_cast<std::int64_t>(job.bytes);
    const std::int64_t own = job.request.partitions[job.results.size()].max_bytes;
    const std::int64_t limit = std::max<std::int64_t>(std::min(left, own), 0);
    const bool is_first = job.bytes == 0;
    if (reply.offset >= reply.upto || (limit == 0 && !is_first)) {
        job.add(std::move(result));
        return true;
    }
    const storage::ReadRequest request{.from = reply.offset,
                                       .upto = reply.upto,
                                       .max_bytes = static_cast<std::size_t>(limit),
                                       .min_one_batch = is_first};
    if (auto cached = replica.read_cached(request)) {
        result.records = std::move(cached->batches);
        job.add(std::move(result));
        return true;
    }
    replica.read(request,
                 gate_.wrap([this, ticket, result = std::move(result)](
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
                     waiting->add(std::move(result));
                     read_on(ticket);
                 }));
    return false;
}

void FetchJoin::answer(Ticket ticket) {
    auto job = jobs_.extract(ticket);
    if (job.empty()) return;
    job.mapped()->done(std::move(job.mapped()->results));
}

}  // namespace glasslog::replication
