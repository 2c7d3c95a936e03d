#include "core/replication/fetch_waits.hpp"

#include "core/base/check.hpp"

#include <utility>

namespace glasslog::replication {

namespace {

RequestToken token_of(WaitId id) {
    return RequestToken(id.value());
}

}  // namespace

FetchWaits::FetchWaits(const runtime::Runtime& runtime,
                       UniqueFunction<Replica*(const PartitionId&)> find,
                       std::size_t count_max)
    : runtime_(runtime), find_(std::move(find)), count_max_(count_max) {}

void FetchWaits::start(WaitRequest request, Answer<WaitEnd> done) {
    if (waits_.size() >= count_max_) {
        runtime_.executor.post(
            gate_.wrap([done = std::move(done)]() mutable { done(WaitEnd::look); }));
        return;
    }
    const WaitId id = request.id;
    const auto [at, is_new] = waits_.try_emplace(id);
    CHECK(is_new);
    Wait& wait = at->second;
    wait.request = std::move(request);
    wait.done = std::move(done);
    wait.timer = runtime_.executor.at(runtime_.clock.now() + wait.request.max_wait,
                                      [this, id] { end(id, WaitEnd::look); });
    watch(id, wait.request);
}

void FetchWaits::watch(WaitId id, const WaitRequest& request) {
    for (const WaitRequest::Partition& one : request.partitions) {
        Replica* replica = find_(one.id);
        if (replica == nullptr || !replica->is_open()) return end_soon(id, WaitEnd::look);
        replica->watch({.token = token_of(id),
                        .seen = one.seen.upto,
                        .isolation = request.isolation,
                        .committed_bytes = one.seen.committed_bytes});
    }
}

void FetchWaits::unwatch(WaitId id, const Wait& wait) {
    for (const WaitRequest::Partition& one : wait.request.partitions) {
        Replica* replica = find_(one.id);
        if (replica != nullptr && replica->is_open()) replica->unwatch(token_of(id));
    }
}

void FetchWaits::on_news(const News& news) {
    const WaitId id(news.token.value());
    const auto at = waits_.find(id);
    if (at == waits_.end()) return;
    if (news.is_urgent) return end_soon(id, WaitEnd::look);
    at->second.bytes_come += news.bytes;
    if (at->second.bytes_come >= at->second.request.bytes) end_soon(id, WaitEnd::came);
}

// The replica may be in the middle of a step.
void FetchWaits::end_soon(WaitId id, WaitEnd how) {
    Wait& wait = waits_.at(id);
    if (std::exchange(wait.is_due, true)) return;
    if (due_.empty()) runtime_.executor.post(gate_.wrap([this] { end_due(); }));
    due_.push_back({id, how});
}

void FetchWaits::end_due() {
    for (const Due& due : std::exchange(due_, {}))
        end(due.id, due.how);
}

void FetchWaits::end(WaitId id, WaitEnd how) {
    auto ended = waits_.extract(id);
    if (ended.empty()) return;
    unwatch(id, ended.mapped());
    ended.mapped().timer.cancel();
    ended.mapped().done(how);
}

void FetchWaits::cancel(WaitId id) {
    auto ended = waits_.extract(id);
    if (!ended.empty()) unwatch(id, ended.mapped());
}

void FetchWaits::end_all() {
    std::vector<WaitId> ids;
    for (const auto& [id, wait] : waits_)
        ids.push_back(id);
    for (const WaitId id : ids)
        end(id, WaitEnd::stopping);
}

}  // namespace glasslog::replication
