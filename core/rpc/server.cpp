#include "core/rpc/server.hpp"

#include "core/rpc/server_connection.hpp"
#include "core/runtime/gate.hpp"
#include "core/trace/log.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace glasslog::rpc {
namespace {

// After a failed accept (descriptors used up, say) the next try waits.
constexpr Duration accept_retry = Duration::milliseconds(100);

// A closed connection is at most this part of the limit late.
constexpr std::int64_t sweep_parts = 20;

}  // namespace

Responder& Responder::operator=(Responder&& other) noexcept {
    if (this == &other) return *this;
    if (is_open()) give(Close{});
    deliver_ = std::move(other.deliver_);
    return *this;
}

Responder::~Responder() {
    if (is_open()) give(Close{});
}

void Responder::respond(Payload body, std::int16_t error) {
    give(Body{std::move(body), error});
}

void Responder::no_answer() {
    give(NoAnswer{});
}

void Responder::close_connection() {
    give(Close{});
}

void Responder::give(Answer answer) {
    CHECK(is_open());
    UniqueFunction<void(Answer)> deliver = std::move(deliver_);
    deliver(std::move(answer));
}

class Server::Reactor final : public ServerContext {
public:
    using ServerContext::ServerContext;

    Expected<runtime::Endpoint, IoError> listen(const runtime::ListenerConfig& config);
    void stop(Instant deadline, UniqueFunction<void()> done);

    std::size_t connection_count() const { return connections_.size(); }

    Responder make_responder(std::uint64_t number,
                             std::uint64_t sequence,
                             std::uint32_t request_bytes) override;
    void hold_answer(std::size_t bytes) override;
    void wait_for_memory(std::uint64_t number) override;
    void memory_released() override;
    void gone(std::uint64_t number) override;

private:
    struct Accepting {
        std::unique_ptr<runtime::Listener> listener;
        runtime::Timer retry;
    };

    void accept_next(Accepting& accepting);
    void accepted(Accepting& accepting,
                  Expected<std::unique_ptr<runtime::Connection>, IoError> connection);
    void take(std::unique_ptr<runtime::Connection> connection);
    void resume_waiting();
    void sweep_at(Instant when);
    void sweep();
    void close_stalled(std::vector<ServerConnection*> stalled);
    void close_silent(ServerConnection& connection, CloseReason reason, Duration limit);
    void finish_stop();

    std::map<std::uint64_t, std::unique_ptr<ServerConnection>> connections_;
    std::uint64_t last_number_ = 0;
    std::vector<std::unique_ptr<Accepting>> accepting_;

    std::set<std::uint64_t> waiting_;  // for memory
    bool is_resuming_ = false;         // a task that resumes them is posted

    runtime::Timer sweep_timer_;
    Instant sweep_at_ = Instant::never();

    UniqueFunction<void()> stopped_;
    runtime::Timer stop_timer_;

    runtime::Gate gate_;
};

// --- accepting ----------------------------------------------------------------------------------

Expected<runtime::Endpoint, IoError> Server::Reactor::listen(
    const runtime::ListenerConfig& config) {
    auto listener = runtime.transport.listen(config);
    if (!listener) return Unexpected{std::move(listener).error()};
    accepting_.push_back(std::make_unique<Accepting>());
    Accepting& accepting = *accepting_.back();
    accepting.listener = std::move(listener).value();
    accept_next(accepting);
    return accepting.listener->endpoint();
}

void Server::Reactor::accept_next(Accepting& accepting) {
    accepting.listener->accept(gate_.wrap(
        [this, &accepting](Expected<std::unique_ptr<runtime::Connection>, IoError> connection) {
            accepted(accepting, std::move(connection));
        }));
}

void Server::Reactor::accepted(Accepting& accepting,
                               Expected<std::unique_ptr<runtime::Connection>, IoError> connection) {
    if (accepting_.empty()) return;  // stopped meanwhile
    if (connection) {
        take(std::move(connection).value());
        return accept_next(accepting);
    }
    trace::log(runtime.trace,
               trace::LogLevel::warning,
               "rpc",
               fmt::format("accepting on {} failed, trying again in {}: {}",
                           accepting.listener->endpoint().text(),
                           accept_retry,
                           connection.error().text()));
    accepting.retry =
        runtime.executor.at(runtime.clock.now() + accept_retry,
                            gate_.wrap([this, &accepting] { accept_next(accepting); }));
}

void Server::Reactor::take(std::unique_ptr<runtime::Connection> connection) {
    if (connections_.size() >= limits.connection_count_max) {
        ++counters.rejected_count;
        trace::log(runtime.trace,
                   trace::LogLevel::warning,
                   "rpc",
                   fmt::format("refusing the connection of {}: {} are open (max.connections)",
                               connection->peer().text(),
                               connections_.size()));
        return;
    }
    ++counters.accepted_count;
    const std::uint64_t number = ++last_number_;
    auto taken = std::make_unique<ServerConnection>(*this, number, std::move(connection));
    ServerConnection& added = *taken;
    connections_.emplace(number, std::move(taken));
    added.resume();
    sweep_at(runtime.clock.now() + limits.idle_max);
}

void Server::Reactor::gone(std::uint64_t number) {
    runtime.executor.post(gate_.wrap([this, number] {
        waiting_.erase(number);
        if (const auto at = connections_.find(number); at != connections_.end()) {
            handler.closed(at->second->facts());
            connections_.erase(at);
        }
        if (connections_.empty()) finish_stop();
    }));
}

// --- answers ------------------------------------------------------------------------------------

Responder Server::Reactor::make_responder(std::uint64_t number,
                                          std::uint64_t sequence,
                                          std::uint32_t request_bytes) {
    auto deliver = [this, number, sequence, request_bytes](Responder::Answer answer) {
        budget.release(request_bytes);
        const auto found = connections_.find(number);
        if (found != connections_.end()) found->second->answer(sequence, std::move(answer));
        memory_released();
    };
    return Responder(gate_.wrap(std::move(deliver)));
}

// --- memory -------------------------------------------------------------------------------------

void Server::Reactor::hold_answer(std::size_t bytes) {
    budget.take(bytes);
    answer_bytes += bytes;
    if (is_short_of_answers()) sweep_at(runtime.clock.now() + limits.stall_max);
}

void Server::Reactor::wait_for_memory(std::uint64_t number) {
    waiting_.insert(number);
    sweep_at(runtime.clock.now() + limits.stall_max);
    memory_released();
}

void Server::Reactor::memory_released() {
    counters.memory_bytes_peak = budget.peak_bytes();
    if (waiting_.empty() || is_resuming_ || budget.is_used_up()) return;
    is_resuming_ = true;
    runtime.executor.post(gate_.wrap([this] { resume_waiting(); }));
}

void Server::Reactor::resume_waiting() {
    is_resuming_ = false;
    const std::set<std::uint64_t> waiting = std::exchange(waiting_, {});
    for (const std::uint64_t number : waiting) {
        const auto found = connections_.find(number);
        if (found != connections_.end()) found->second->resume();
    }
}

// --- silence ------------------------------------------------------------------------------------

void Server::Reactor::sweep_at(Instant when) {
    if (when >= sweep_at_) return;
    sweep_at_ = when;
    sweep_timer_ = runtime.executor.at(when, gate_.wrap([this] { sweep(); }));
}

// Closes what has been silent for too long; while memory is used up and others wait for it, or
// answers that nobody takes make others' answers small, also those that hold most of it without
// moving.
void Server::Reactor::sweep() {
    sweep_at_ = Instant::never();
    const Instant now = runtime.clock.now();
    Instant next = Instant::never();
    std::vector<ServerConnection*> stalled;
    for (const auto& [number, connection] : connections_) {
        connection->observe_progress();
        const Duration silence = now - connection->last_moved_at();
        const bool is_idle = connection->is_peers_turn() && silence >= limits.idle_max;
        if (is_idle) {
            close_silent(*connection, CloseReason::idle, limits.idle_max);
            continue;
        }
        const Instant since = connection->is_peers_turn() ? connection->last_moved_at() : now;
        next = std::min(next, since + limits.idle_max);
        const bool is_stalled = silence >= limits.stall_max && connection->may_be_ended();
        if (is_stalled) stalled.push_back(connection.get());
    }
    if (!waiting_.empty() || is_short_of_answers()) {
        next = std::min(next, now + limits.stall_max / 2);
        close_stalled(std::move(stalled));
    }
    const Duration grain = std::min(limits.idle_max, limits.stall_max) / sweep_parts;
    if (next < Instant::never()) sweep_at(std::max(next, now + grain));
}

// Who holds most goes first, until an eighth is free.
void Server::Reactor::close_stalled(std::vector<ServerConnection*> stalled) {
    const auto is_short = [this](std::size_t wanted_bytes) {
        return budget.left_bytes() <= wanted_bytes || is_short_of_answers();
    };
    if (!is_short(0)) return;
    std::ranges::stable_sort(stalled, std::greater(), &ServerConnection::held_bytes);
    for (ServerConnection* connection : stalled) {
        if (connection->held_bytes() == 0 || !is_short(limits.memory_bytes_max / 8)) return;
        close_silent(*connection, CloseReason::stalled, limits.stall_max);
    }
}

void Server::Reactor::close_silent(ServerConnection& connection,
                                   CloseReason reason,
                                   Duration limit) {
    trace::log(
        runtime.trace,
        trace::LogLevel::info,
        "rpc",
        fmt::format("closing the connection of {} on {}: silent for {}{}",
                    connection.facts().peer.text(),
                    connection.facts().listener,
                    limit,
                    reason == CloseReason::idle ? " (connections.max.idle.ms)"
                                                : " while it holds memory that others need"));
    connection.end(reason);
}

// --- the end ------------------------------------------------------------------------------------

void Server::Reactor::stop(Instant deadline, UniqueFunction<void()> done) {
    CHECK(!stopped_);
    accepting_.clear();
    stopped_ = std::move(done);
    for (const auto& [number, connection] : connections_)
        connection->finish(CloseReason::server);
    if (connections_.empty()) return runtime.executor.post(gate_.wrap([this] { finish_stop(); }));
    stop_timer_ = runtime.executor.at(deadline, gate_.wrap([this] {
        for (const auto& [number, connection] : connections_)
            connection->end(CloseReason::server);
    }));
}

void Server::Reactor::finish_stop() {
    if (!stopped_) return;
    stop_timer_.cancel();
    UniqueFunction<void()> done = std::move(stopped_);
    done();
}

Server::Server(const runtime::Runtime& runtime, const ServerLimits& limits, Handler& handler)
    : reactor_(std::make_unique<Reactor>(runtime, limits, handler)) {
    CHECK(limits.memory_bytes_max >= limits.request_bytes_max);
}

Server::~Server() = default;

Expected<runtime::Endpoint, IoError> Server::listen(const runtime::ListenerConfig& config) {
    return reactor_->listen(config);
}

void Server::stop(Instant deadline, UniqueFunction<void()> done) {
    reactor_->stop(deadline, std::move(done));
}

std::size_t Server::connection_count() const {
    return reactor_->connection_count();
}

std::size_t Server::memory_bytes() const {
    return reactor_->budget.used_bytes();
}

std::size_t Server::memory_bytes_left() const {
    return reactor_->budget.left_bytes();
}

std::size_t Server::answer_bytes_left() const {
    const std::size_t used = reactor_->answer_bytes;
    const std::size_t whole = reactor_->limits.answer_bytes_max;
    return std::min(used < whole ? whole - used : 0, memory_bytes_left());
}

const ServerCounters& Server::counters() const {
    return reactor_->counters;
}

}  // namespace glasslog::rpc
